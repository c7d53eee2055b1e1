import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { PROBE_PORT } from "@tideway/net";
import { answerTo, ask, readAnswer } from "./packet.ts";
import { createWindow, type Health, type Window } from "./window.ts";

export interface Prober {
  /** Speaks and answers as this address from now on. */
  bind(own: string): void;
  /** Goes on, or starts, or starts anew where the address is another. */
  watch(id: string, address: string): void;
  forget(id: string): void;
  /** The way there may be open now: asks at once. */
  nudge(id: string): void;
  health(id: string): Health | undefined;
  close(): void;
}

export interface ProberOptions {
  intervalMs: number;
  lostMs: number;
  /** Answers began, or stopped. */
  onChange: (id: string) => void;
  /** Monotonic, ms. Default performance.now. */
  now?: () => number;
  port?: number;
}

interface Watched {
  id: string;
  address: string;
  token: bigint;
  sequence: number;
  window: Window;
  socket?: Socket;
  /** Sockets of earlier probes: an answer may still be on its way to them. */
  earlier: Socket[];
  /** Until then it is asked as often as can be: both sides have just been told of each other. */
  eagerUntil: number;
  /** Answers began, and nobody was told yet. */
  opening?: NodeJS.Timeout;
  /** When the socket was opened. */
  openedAt: number;
  timer?: NodeJS.Timeout;
}

/** How often a peer is asked that does not answer: when it is new, and later. */
const EAGER_MS = 25;
const EAGER_FOR_MS = 2_000;
const SILENT_MS = 100;
/** How long the first answer waits for a second one, which tells how long the way takes now that it is open. */
const MEASURES_WITHIN_MS = 50;
/**
 * How long a silent peer is asked from the same port. The kernel translates a connection as the rules were at its
 * first packet, for as long as packets come: a probe that went out too early would be translated wrongly for ever.
 */
const SAME_PORT_MS = 1_000;
const EAGER_PORT_MS = 100;
/** More than the longest round trip's worth of them. */
const EARLIER_SOCKETS = 10;
const REBIND_MS = 200;

/** Asks every watched peer's gateway through its tunnel whether it is there, and answers theirs. */
export const createProber = (o: ProberOptions): Prober => {
  const now = o.now ?? (() => performance.now());
  const port = o.port ?? PROBE_PORT;
  const watched = new Map<string, Watched>();
  let own: string | undefined;
  let echo: Socket | undefined;
  let rebind: NodeJS.Timeout | undefined;

  const answerOthers = (): void => {
    clearTimeout(rebind);
    echo?.close();
    const socket = createSocket("udp4");
    echo = socket;
    socket.on("message", (packet, from) => {
      const answer = answerTo(packet);
      if (answer && echo === socket) socket.send(answer, from.port, from.address, () => undefined);
    });
    // The address is not there yet, or was taken away: again.
    socket.on("error", () => {
      if (echo !== socket) return;
      socket.close();
      echo = undefined;
      rebind = setTimeout(answerOthers, REBIND_MS);
    });
    socket.bind({ ...(own ? { address: own } : {}), port, exclusive: true });
  };

  const end = (socket: Socket | undefined): void => {
    socket?.removeAllListeners("message");
    socket?.close();
  };
  const hang = (w: Watched): void => {
    for (const socket of [w.socket, ...w.earlier.splice(0)]) end(socket);
    delete w.socket;
  };

  /** The way through this socket is the one that works. */
  const keepOnly = (w: Watched, socket: Socket): void => {
    for (const other of [w.socket, ...w.earlier.splice(0)]) if (other !== socket) end(other);
    w.socket = socket;
  };

  const told = (w: Watched): void => {
    clearTimeout(w.opening);
    delete w.opening;
    o.onChange(w.id);
  };

  const answered = (w: Watched, socket: Socket, sequence: number): void => {
    const before = w.window.health(now()).alive;
    if (!w.window.answered(sequence, now())) return;
    if (w.opening) return told(w);
    if (before) return;
    w.window.opened();
    keepOnly(w, socket);
    w.opening = setTimeout(() => told(w), MEASURES_WITHIN_MS);
    tick(w);
  };

  const open = (w: Watched): void => {
    if (w.socket) w.earlier.push(w.socket);
    while (w.earlier.length > EARLIER_SOCKETS) end(w.earlier.shift());
    delete w.socket;
    if (!own) return;
    const socket = createSocket("udp4");
    w.socket = socket;
    w.openedAt = now();
    socket.on("error", () => {
      w.earlier = w.earlier.filter((s) => s !== socket);
      if (w.socket === socket) delete w.socket;
      end(socket);
    });
    socket.on("message", (packet) => {
      const answer = readAnswer(packet);
      if (answer?.token !== w.token) return;
      answered(w, socket, answer.sequence);
    });
    socket.bind({ address: own, port: 0, exclusive: true });
  };

  const tick = (w: Watched): void => {
    clearTimeout(w.timer);
    const at = now();
    const before = w.window.health(at).alive;
    w.window.judge(at);
    const { alive } = w.window.health(at);
    if (before && !alive) told(w);
    const eager = at < w.eagerUntil;
    if (!w.socket || (!alive && at - w.openedAt >= (eager ? EAGER_PORT_MS : SAME_PORT_MS))) open(w);
    w.sequence++;
    w.window.sent(w.sequence, at);
    // No way there is one more unanswered probe.
    w.socket?.send(ask(w), port, w.address, () => undefined);
    w.timer = setTimeout(
      () => tick(w),
      alive && !w.opening ? o.intervalMs : Math.min(eager ? EAGER_MS : SILENT_MS, o.intervalMs),
    );
  };

  const forget = (id: string): void => {
    const w = watched.get(id);
    if (!w) return;
    clearTimeout(w.timer);
    clearTimeout(w.opening);
    hang(w);
    watched.delete(id);
  };

  return {
    bind: (address) => {
      if (own === address) return;
      own = address;
      answerOthers();
      for (const w of watched.values()) {
        hang(w);
        open(w);
        tick(w);
      }
    },
    watch: (id, address) => {
      if (watched.get(id)?.address === address) return;
      forget(id);
      const token = randomBytes(8).readBigUInt64BE();
      const w: Watched = {
        id,
        address,
        token,
        sequence: 0,
        window: createWindow(o),
        earlier: [],
        eagerUntil: now() + EAGER_FOR_MS,
        openedAt: -Infinity,
      };
      watched.set(id, w);
      tick(w);
    },
    forget,
    nudge: (id) => {
      const w = watched.get(id);
      if (!w || w.window.health(now()).alive) return;
      open(w);
      tick(w);
    },
    health: (id) => watched.get(id)?.window.health(now()),
    close: () => {
      for (const id of [...watched.keys()]) forget(id);
      clearTimeout(rebind);
      echo?.close();
      echo = undefined;
    },
  };
};

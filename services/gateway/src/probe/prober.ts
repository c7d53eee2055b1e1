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
  /** When the socket was opened. */
  openedAt: number;
  timer?: NodeJS.Timeout;
}

/** How often a peer is asked that has not answered yet: its first answer is waited for. */
const EAGER_MS = 100;
/**
 * How long a silent peer is asked from the same port. The kernel translates a connection as the rules were at its
 * first packet, for as long as packets come: a probe that went out too early would be translated wrongly for ever.
 */
const SAME_PORT_MS = 1_000;
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

  const hang = (w: Watched): void => {
    w.socket?.removeAllListeners("message");
    w.socket?.close();
    delete w.socket;
  };

  const open = (w: Watched): void => {
    hang(w);
    if (!own) return;
    const socket = createSocket("udp4");
    w.socket = socket;
    w.openedAt = now();
    socket.on("error", () => {
      if (w.socket === socket) hang(w);
    });
    socket.on("message", (packet) => {
      const answer = readAnswer(packet);
      if (answer?.token !== w.token) return;
      const before = w.window.health(now()).alive;
      if (w.window.answered(answer.sequence, now()) && !before) o.onChange(w.id);
    });
    socket.bind({ address: own, port: 0, exclusive: true });
  };

  const tick = (w: Watched): void => {
    clearTimeout(w.timer);
    const at = now();
    const before = w.window.health(at).alive;
    w.window.judge(at);
    const { alive } = w.window.health(at);
    if (before && !alive) o.onChange(w.id);
    if (!w.socket || (!alive && at - w.openedAt >= SAME_PORT_MS)) open(w);
    w.sequence++;
    w.window.sent(w.sequence, at);
    // No way there is one more unanswered probe.
    w.socket?.send(ask(w), port, w.address, () => undefined);
    w.timer = setTimeout(() => tick(w), alive ? o.intervalMs : Math.min(EAGER_MS, o.intervalMs));
  };

  const forget = (id: string): void => {
    const w = watched.get(id);
    if (!w) return;
    clearTimeout(w.timer);
    hang(w);
    watched.delete(id);
  };

  return {
    bind: (address) => {
      if (own === address) return;
      own = address;
      answerOthers();
      for (const w of watched.values()) {
        open(w);
        tick(w);
      }
    },
    watch: (id, address) => {
      if (watched.get(id)?.address === address) return;
      forget(id);
      const token = randomBytes(8).readBigUInt64BE();
      const w: Watched = { id, address, token, sequence: 0, window: createWindow(o), openedAt: -Infinity };
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

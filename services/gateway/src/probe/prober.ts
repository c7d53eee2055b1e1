import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { PROBE_PORT } from "@tideway/net";
import { answerTo, ask, readAnswer } from "./packet.ts";
import { createWindow, type Health, type Window } from "./window.ts";

export interface Prober {
  /** Speaks and answers as this address; again when it is not there yet or changes. */
  bind(own: string): void;
  /** Goes on, or starts, or starts anew where the address is another. */
  watch(id: string, address: string): void;
  forget(id: string): void;
  /** The way there may be open now: asks at once, and what was lost before is forgotten. */
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
  address: string;
  token: bigint;
  sequence: number;
  window: Window;
  timer?: NodeJS.Timeout;
}

/** How often a peer is asked that has not answered yet: its first answer is waited for. */
const EAGER_MS = 100;
const REBIND_MS = 200;

/** Asks every watched peer's gateway through its tunnel whether it is there, and answers theirs. */
export const createProber = (o: ProberOptions): Prober => {
  const now = o.now ?? (() => performance.now());
  const port = o.port ?? PROBE_PORT;
  const watched = new Map<string, Watched>();
  const byToken = new Map<bigint, string>();
  let own: string | undefined;
  let sockets: Socket[] = [];
  let rebind: NodeJS.Timeout | undefined;
  let sender: Socket | undefined;

  const unbind = (): void => {
    clearTimeout(rebind);
    sender = undefined;
    for (const s of sockets) s.close();
    sockets = [];
  };

  const heard = (packet: Buffer): void => {
    const answer = readAnswer(packet);
    const id = answer && byToken.get(answer.token);
    const w = id === undefined ? undefined : watched.get(id);
    if (!answer || !w || id === undefined) return;
    const before = w.window.health(now()).alive;
    if (w.window.answered(answer.sequence, now()) && !before) o.onChange(id);
  };

  const open = (
    localPort: number,
    onMessage: (packet: Buffer, from: { address: string; port: number }) => void,
  ): Socket => {
    const socket = createSocket("udp4");
    sockets.push(socket);
    socket.on("message", onMessage);
    // The address comes with the kernel's next state; until then, or when it was taken away: again.
    socket.on("error", () => {
      if (!sockets.includes(socket)) return;
      unbind();
      rebind = setTimeout(start, REBIND_MS);
    });
    socket.bind({ address: own ?? "", port: localPort, exclusive: true });
    return socket;
  };

  const start = (): void => {
    unbind();
    const echo = open(port, (packet, from) => {
      const answer = answerTo(packet);
      if (answer) echo.send(answer, from.port, from.address, () => undefined);
    });
    const asking = open(0, heard);
    asking.once("listening", () => {
      sender = asking;
      for (const id of watched.keys()) tick(id);
    });
  };

  const tick = (id: string): void => {
    const w = watched.get(id);
    if (!w) return;
    clearTimeout(w.timer);
    const at = now();
    const { alive } = w.window.health(at);
    w.window.judge(at);
    if (alive && !w.window.health(at).alive) o.onChange(id);
    w.sequence++;
    w.window.sent(w.sequence, at);
    // No way there is one more unanswered probe.
    sender?.send(ask(w), port, w.address, () => undefined);
    w.timer = setTimeout(() => tick(id), alive ? o.intervalMs : Math.min(EAGER_MS, o.intervalMs));
  };

  const forget = (id: string): void => {
    const w = watched.get(id);
    if (!w) return;
    clearTimeout(w.timer);
    byToken.delete(w.token);
    watched.delete(id);
  };

  return {
    bind: (address) => {
      if (own === address) return;
      own = address;
      start();
    },
    watch: (id, address) => {
      if (watched.get(id)?.address === address) return;
      forget(id);
      const token = randomBytes(8).readBigUInt64BE();
      byToken.set(token, id);
      watched.set(id, { address, token, sequence: 0, window: createWindow(o) });
      tick(id);
    },
    forget,
    nudge: (id) => {
      const w = watched.get(id);
      if (w && !w.window.health(now()).alive) tick(id);
    },
    health: (id) => watched.get(id)?.window.health(now()),
    close: () => {
      for (const id of [...watched.keys()]) forget(id);
      unbind();
    },
  };
};

import { connect as open, type Socket } from "node:net";

export interface Address {
  host: string;
  port: number;
}

export function parseAddress(text: string): Address {
  const [host = "", port = ""] = text.split(":");
  return { host, port: Number(port) };
}

/** A connection that neither opens nor answers in time counts as broken: its other end may be gone without a word. */
export function connect(a: Address, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = open({ ...a, noDelay: true });
    const fail = (err: Error): void => {
      socket.destroy();
      reject(err);
    };
    const timer = setTimeout(
      () => fail(new Error(`no connection to ${a.host} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.once("error", (err) => {
      clearTimeout(timer);
      fail(err);
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      resolve(socket);
    });
  });
}

/** Does it again on a new connection until it works or the time is over. */
export async function retry<T>(totalMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + totalMs;
  for (;;) {
    try {
      return await attempt();
    } catch (err) {
      if (performance.now() > deadline) throw err;
      await new Promise((r) => setTimeout(r, 50));
    }
  }
}

export function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer in ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

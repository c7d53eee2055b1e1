import type { Socket } from "node:net";
import { type Address, connect, within } from "./connection.ts";

type Reply = string | number | null;
interface Waiter {
  resolve(reply: Reply): void;
  reject(err: Error): void;
}

/** The part of RESP that a cache needs: one connection, requests in a pipeline. */
export function createRedis(address: Address, timeoutMs: number): (...args: string[]) => Promise<Reply> {
  let link: Promise<Socket> | undefined;
  let waiting: Waiter[] = [];

  const lose = (socket: Socket, err: Error): void => {
    socket.destroy();
    link = undefined;
    for (const w of waiting.splice(0)) w.reject(err);
  };

  const start = async (): Promise<Socket> => {
    const socket = await connect(address, timeoutMs);
    let rest = Buffer.alloc(0);
    waiting = [];
    socket.on("error", (err) => lose(socket, err));
    socket.on("close", () => lose(socket, new Error("redis closed the connection")));
    socket.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let next = read(rest); next; next = read(rest)) {
        rest = rest.subarray(next.length);
        const w = waiting.shift();
        if (next.error) w?.reject(new Error(next.error));
        else w?.resolve(next.reply);
      }
    });
    return socket;
  };

  return async (...args) => {
    const opening = (link ??= start());
    const socket = await opening.catch((err: unknown) => {
      if (link === opening) link = undefined;
      throw err;
    });
    const reply = new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject }));
    socket.write(encode(args));
    return within(timeoutMs, "redis", reply).catch((err: Error) => {
      if (link === opening) lose(socket, err); // answers would no longer fit their questions
      throw err;
    });
  };
}

const encode = (args: readonly string[]): string =>
  `*${args.length}\r\n${args.map((a) => `$${Buffer.byteLength(a)}\r\n${a}\r\n`).join("")}`;

/** The first whole reply and how many bytes it is long. */
function read(data: Buffer): { reply: Reply; error?: string; length: number } | undefined {
  const end = data.indexOf("\r\n");
  if (end < 0) return undefined;
  const line = data.toString("utf8", 1, end);
  const length = end + 2;
  switch (String.fromCharCode(data[0] ?? 0)) {
    case "+":
      return { reply: line, length };
    case ":":
      return { reply: Number(line), length };
    case "$": {
      const size = Number(line);
      if (size < 0) return { reply: null, length };
      if (data.length < length + size + 2) return undefined;
      return { reply: data.toString("utf8", length, length + size), length: length + size + 2 };
    }
    default:
      return { reply: null, error: line, length };
  }
}

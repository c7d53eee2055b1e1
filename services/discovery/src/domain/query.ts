/** One question to one DNS server, by UDP and where the answer does not fit by TCP (RFC 1035, RFC 7766, RFC 6891). */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import { decodePacket, emptyPacket, encodePacket, MAX_PACKET, type Packet, sameName } from "@tideway/dnssd";
import { TimeoutError, UnavailableError } from "@tideway/errors";

export interface Server {
  address: string;
  port: number;
}
export interface Asked {
  name: string;
  type: "PTR" | "SRV" | "TXT";
}
export type Query = (server: Server, asked: Asked, signal: AbortSignal) => Promise<Packet>;

/** Answers by UDP up to this pass every network without fragments, bytes (DNS flag day 2020). */
const UDP_SIZE = 1232;

const questionOf = ({ name, type }: Asked): { id: number; bytes: Buffer } => {
  const id = randomInt(0x10000);
  const packet: Packet = { ...emptyPacket("query"), id, questions: [{ name, type, unicast: false }] };
  return { id, bytes: encodePacket(packet, { recursion: true, udpSize: UDP_SIZE }) };
};

/** Only what repeats our number and our question is an answer to it: the rest may come from anybody. */
const answerTo = (id: number, { name, type }: Asked, bytes: Buffer): Packet | undefined => {
  const p = decodePacket(bytes);
  if (typeof p === "string" || p.kind !== "response" || p.id !== id) return undefined;
  const [q, ...more] = p.questions;
  return q && more.length === 0 && q.type === type && sameName(q.name, name) ? p : undefined;
};

const where = ({ address, port }: Server): string =>
  (isIPv6(address) ? `[${address}]` : address) + `:${port}`;

const lateAfter = (server: Server, timeoutMs: number, fail: (err: Error) => void): NodeJS.Timeout =>
  setTimeout(
    () => fail(new TimeoutError(`DNS server ${where(server)} has not answered within ${timeoutMs} ms`)),
    timeoutMs,
  );

/** From a port of its own for each question, connected to the server, so that the kernel drops what others send. */
const overUdp = (server: Server, asked: Asked, timeoutMs: number, signal: AbortSignal): Promise<Packet> =>
  new Promise((resolve, reject) => {
    const { id, bytes } = questionOf(asked);
    const socket = createSocket(isIPv6(server.address) ? "udp6" : "udp4");
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      socket.close();
    };
    const fail = (err: Error): void => {
      end();
      reject(err);
    };
    const stop = (): void => fail(new UnavailableError("stopped"));
    const timer = lateAfter(server, timeoutMs, fail);
    signal.addEventListener("abort", stop, { once: true });
    socket.once("error", (cause) => fail(new UnavailableError(`DNS server ${where(server)}`, { cause })));
    socket.on("message", (message) => {
      const answer = answerTo(id, asked, message);
      if (!answer) return;
      end();
      resolve(answer);
    });
    socket.connect(server.port, server.address, () => socket.send(bytes));
  });

const overTcp = (server: Server, asked: Asked, timeoutMs: number, signal: AbortSignal): Promise<Packet> =>
  new Promise((resolve, reject) => {
    const { id, bytes } = questionOf(asked);
    const socket = connect({ host: server.address, port: server.port, signal });
    let received = Buffer.alloc(0);
    const fail = (err: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(err);
    };
    const timer = lateAfter(server, timeoutMs, fail);
    socket.once("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      socket.write(Buffer.concat([length, bytes]));
    });
    socket.on("data", (piece: Buffer) => {
      received = Buffer.concat([received, piece]);
      const wanted = received.length >= 2 ? received.readUInt16BE(0) : 0;
      if (wanted > MAX_PACKET)
        return fail(new UnavailableError(`DNS server ${where(server)}: answer too long`));
      if (received.length < 2 || received.length < wanted + 2) return;
      const answer = answerTo(id, asked, received.subarray(2, wanted + 2));
      if (!answer)
        return fail(new UnavailableError(`DNS server ${where(server)}: the answer is to another question`));
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    });
    socket.once("error", (cause) => fail(new UnavailableError(`DNS server ${where(server)}`, { cause })));
    socket.once("end", () => fail(new UnavailableError(`DNS server ${where(server)} has hung up`)));
  });

export const createQuery =
  (timeoutMs: number): Query =>
  async (server, asked, signal) => {
    const answer = await overUdp(server, asked, timeoutMs, signal);
    return answer.truncated ? overTcp(server, asked, timeoutMs, signal) : answer;
  };

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describeError, UnavailableError } from "@tideway/errors";
import type { Credentials } from "@tideway/k8s";
import { openPodSocket, podSocketUrl } from "../pod-socket.ts";

/** The channels: data, then errors as text. */
const DATA = 0;
/** The first message of each channel is the port as two bytes and nothing else. */
const PORT_BYTES = 2;
/** Bytes that may wait for the API server before the local side is asked to pause. */
const HIGH_WATER = 1 << 20;

export interface PodPort {
  namespace: string;
  pod: string;
  port: number;
}

export interface Forward {
  host: "127.0.0.1";
  port: number;
  close(): void;
}

export const portForwardUrl = (server: string, to: PodPort): string =>
  podSocketUrl(server, to, "portforward", new URLSearchParams({ ports: String(to.port) }));

/**
 * Listens on a free port of 127.0.0.1 and carries each connection to a pod's port through the API server;
 * `to` is asked for the pod at every connection.
 * `onTrouble` hears why a connection ended that the pod did not want to end.
 */
export const forwardPort = async (
  credentials: Credentials,
  to: () => Promise<PodPort>,
  onTrouble: (message: string) => void,
): Promise<Forward> => {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => undefined); // a local reset ends in close, and close ends the other side
    carry(socket, credentials, to, onTrouble).catch((err: unknown) => {
      onTrouble(describeError(err));
      socket.destroy();
    });
  });
  const port = await listen(server);
  return {
    host: "127.0.0.1",
    port,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", (cause) => reject(new UnavailableError("cannot listen on 127.0.0.1", { cause })));
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });

const carry = async (
  socket: Socket,
  c: Credentials,
  target: () => Promise<PodPort>,
  onTrouble: (m: string) => void,
): Promise<void> => {
  socket.pause();
  const to = await target();
  const token = await c.token?.();
  const ws = openPodSocket(portForwardUrl(c.server, to), c, token, 10_000);
  const greeted = [false, false];
  ws.on("open", () => socket.resume());
  ws.on("message", (message: Buffer) => {
    const channel = message[0] ?? DATA;
    let body = message.subarray(1);
    if (!greeted[channel]) {
      greeted[channel] = true;
      body = body.subarray(PORT_BYTES);
    }
    if (body.length === 0) return;
    if (channel === DATA) {
      if (socket.write(body)) return;
      ws.pause();
      socket.once("drain", () => ws.resume());
    } else onTrouble(`port ${to.port} of pod ${to.namespace}/${to.pod}: ${body.toString("utf8").trim()}`);
  });
  socket.on("data", (chunk: Buffer) => {
    if (ws.readyState !== ws.OPEN) return;
    ws.send(Buffer.concat([Buffer.of(DATA), chunk]), () => socket.resume());
    if (ws.bufferedAmount > HIGH_WATER) socket.pause();
  });
  socket.on("close", () => ws.close());
  ws.on("close", () => socket.destroy());
  ws.on("unexpected-response", (_request, answer) => {
    onTrouble(
      `port-forward to pod ${to.namespace}/${to.pod}: the API server answered HTTP ${answer.statusCode ?? "?"}`,
    );
    ws.terminate();
  });
  ws.on("error", (err) => {
    if (socket.destroyed) return; // we have hung up ourselves
    onTrouble(`port-forward to pod ${to.namespace}/${to.pod}: ${err.message}`);
    socket.destroy();
  });
};

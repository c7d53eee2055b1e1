import type { Credentials } from "@tideway/k8s";
import WebSocket from "ws";

/** Each message begins with one byte that says the channel. */
const SUBPROTOCOL = "v4.channel.k8s.io";

/** `wss://.../pods/<pod>/<action>?<query>` of an API server. */
export const podSocketUrl = (
  server: string,
  at: { namespace: string; pod: string },
  action: "exec" | "portforward",
  query: URLSearchParams,
): string => {
  const path = `/api/v1/namespaces/${encodeURIComponent(at.namespace)}/pods/${encodeURIComponent(at.pod)}/${action}`;
  return `${server.replace(/^http/, "ws").replace(/\/+$/, "")}${path}?${query}`;
};

/** A connection to a pod's kubelet through the API server, as who the credentials are. */
export const openPodSocket = (
  url: string,
  c: Credentials,
  token: string | undefined,
  handshakeTimeoutMs: number,
): WebSocket =>
  new WebSocket(url, SUBPROTOCOL, {
    ...(c.ca ? { ca: c.ca } : {}),
    ...(c.cert ? { cert: c.cert } : {}),
    ...(c.key ? { key: c.key } : {}),
    ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
    rejectUnauthorized: !c.insecure,
    perMessageDeflate: false,
    handshakeTimeout: handshakeTimeoutMs,
  });

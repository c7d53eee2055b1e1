import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { describeError } from "@tideway/errors";
import type { Pod } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import type { PeerConnection, PeerConnections } from "../ports.ts";
import type { Authorise } from "./authorise.ts";
import { type User, userOfCertificate } from "./identify.ts";
import { sendLogs } from "./logs.ts";
import type { KubeletApiMetrics } from "./metrics.ts";
import {
  accessFor,
  logsPath,
  type PodTarget,
  type Route,
  routeOf,
  type StreamKind,
  streamPath,
} from "./routes.ts";
import { createCpuClock, resourceMetrics, summary } from "./stats.ts";
import { answer, sendJson } from "./status.ts";
import { answerOn, tunnel } from "./tunnel.ts";
import type { PodUsage, ReadUsage, Source } from "./usage.ts";

export interface KubeletServerOptions {
  port: number;
  /** PEM, of this server. */
  cert: string;
  key: string;
  peers: PeerConnections;
  userOfToken(authorization: string | undefined): Promise<User | undefined>;
  authorise: Authorise;
  usage: ReadUsage;
  now(): number;
  log: Logger;
  metrics?: KubeletApiMetrics;
}

export interface KubeletServer {
  readonly port: number;
  /** Client certificates of these authorities are believed from now on. PEM. */
  trust(clientCa: string): void;
  close(): Promise<void>;
}

/** Longest wait for the provider's answer to an upgrade, in ms. */
const ANSWER_MS = 15_000;

interface Refusal {
  code: number;
  reason: string;
  message: string;
}
interface Caller {
  route: Route;
  query: URLSearchParams;
  peer: PeerConnection | undefined;
}

const refuse = (code: number, reason: string, message: string): Refusal => ({ code, reason, message });
const isRefusal = (x: object): x is Refusal => "code" in x;

export const startKubeletServer = async (o: KubeletServerOptions): Promise<KubeletServer> => {
  const startTime = new Date(o.now()).toISOString();
  const cpu = createCpuClock();
  const open: Record<StreamKind, number> = { exec: 0, attach: 0, portforward: 0 };
  /** Nobody's: without an authority of our own choice Node would believe every public one. */
  let clientCa = o.cert;
  const context = () => ({ cert: o.cert, key: o.key, ca: clientCa, minVersion: "TLSv1.2" as const });

  const peerOf = (t: PodTarget): PeerConnection | undefined => o.peers.byPod(t.namespace, t.pod);

  /** Who asks, what for, and whether that is allowed: the same for requests and upgrades. */
  const admit = async (req: IncomingMessage): Promise<Caller | Refusal> => {
    const url = new URL(req.url ?? "/", "https://kubelet");
    const user =
      userOfCertificate(req.socket as TLSSocket) ?? (await o.userOfToken(req.headers.authorization));
    if (!user)
      return refuse(401, "Unauthorized", "neither a client certificate of this cluster nor a valid token");
    const route = routeOf(url.pathname);
    if (!route) return refuse(404, "NotFound", `not served here: ${url.pathname}`);
    const peer = "target" in route ? peerOf(route.target) : undefined;
    const access = accessFor(route);
    const node = "target" in route ? peer?.nodeOf(route.target.namespace, route.target.pod) : undefined;
    if (!(await o.authorise(user, access, node ?? "")))
      return refuse(
        403,
        "Forbidden",
        `user ${user.username} may not ${access.verb} nodes/${access.subresources.at(-1)}`,
      );
    if ("target" in route && !peer)
      return refuse(
        404,
        "NotFound",
        `pod ${route.target.namespace}/${route.target.pod} runs on no virtual node of this replica`,
      );
    return { route, query: url.searchParams, peer };
  };

  /** Twin of the pod's namespace, or why there is none. */
  const twinOf = (peer: PeerConnection, t: PodTarget): string | Refusal =>
    peer.twinNamespace(t.namespace) ??
    refuse(503, "ServiceUnavailable", `namespace ${t.namespace} has no twin in cluster ${peer.peer} now`);

  const allPods = (): Readonly<Pod>[] => o.peers.list().flatMap((p) => o.peers.podsOf(p));
  const usageOfAll = async (): Promise<{ nodeName: string; source: Source; pods: PodUsage[] }> => {
    const peers = o.peers.list();
    const all = await Promise.all(peers.map((p) => o.usage(p, o.peers.podsOf(p))));
    const source = all.some((u) => u.source === "provider") ? "provider" : "none";
    return {
      nodeName: peers.flatMap((p) => p.nodeNames).join(","),
      source,
      pods: all.flatMap((u) => u.pods),
    };
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const caller = await admit(req);
    if (isRefusal(caller)) return answer(res, caller.code, caller.reason, caller.message);
    const { route, query, peer } = caller;
    if (route.kind === "stream")
      return answer(res, 400, "BadRequest", "you must upgrade the connection: Upgrade request required");
    if (req.method !== "GET" && req.method !== "HEAD")
      return answer(res, 405, "MethodNotAllowed", `method ${req.method} is not served`);
    switch (route.kind) {
      case "logs": {
        if (!peer) return;
        const twin = twinOf(peer, route.target);
        if (typeof twin !== "string") return answer(res, twin.code, twin.reason, twin.message);
        o.metrics?.requests.inc({ operation: "logs", outcome: "served" });
        return sendLogs(peer.kube, logsPath(twin, route.target, query), query.get("follow") === "true", res);
      }
      case "healthz":
        return void res.writeHead(200, { "content-type": "text/plain" }).end("ok");
      case "pods":
      case "runningpods": {
        const items =
          route.kind === "pods" ? allPods() : allPods().filter((p) => p.status?.phase === "Running");
        return sendJson(res, { kind: "PodList", apiVersion: "v1", metadata: {}, items });
      }
      case "summary": {
        const { nodeName, source, pods } = await usageOfAll();
        res.setHeader("x-tideway-source", source);
        return sendJson(res, summary(nodeName, pods, startTime, new Date(o.now()).toISOString()));
      }
      case "resource": {
        const { nodeName, source, pods } = await usageOfAll();
        const text = resourceMetrics(nodeName, pods, cpu, o.now());
        return void res
          .writeHead(200, {
            "content-type": "text/plain; version=0.0.4; charset=utf-8",
            "x-tideway-source": source,
          })
          .end(text);
      }
    }
  };

  const upgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const caller = await admit(req);
    if (isRefusal(caller)) return answerOn(socket, caller.code, caller.reason, caller.message);
    const { route, query, peer } = caller;
    if (route.kind !== "stream" || !peer)
      return answerOn(socket, 400, "BadRequest", "this is not served over an upgraded connection");
    const twin = twinOf(peer, route.target);
    if (typeof twin !== "string") return answerOn(socket, twin.code, twin.reason, twin.message);
    const path = streamPath(route.stream, twin, route.target, query);
    const operation = route.stream;
    const count = (change: number): void => {
      open[operation] += change;
      o.metrics?.open.set({ operation }, open[operation]);
    };
    const options = { path, request: req, socket, head, answerMs: ANSWER_MS, peer: peer.peer };
    const outcome = await tunnel({ ...options, credentials: peer.kube.credentials }, () => count(1));
    if (outcome === "switched") count(-1);
    o.metrics?.requests.inc({ operation, outcome: outcome === "switched" ? "served" : outcome });
  };

  const failed = (err: unknown): Refusal => {
    o.log.debug({ err }, "kubelet request failed");
    return refuse(503, "ServiceUnavailable", describeError(err));
  };
  const server = createServer(
    {
      ...context(),
      requestCert: true,
      rejectUnauthorized: false, // a token is good as well; who has neither gets a 401
      allowHalfOpen: true,
      ALPNProtocols: ["http/1.1"],
    },
    (req, res) => {
      serve(req, res).catch((err: unknown) => {
        const { code, reason, message } = failed(err);
        answer(res, code, reason, message);
      });
    },
  );
  server.on("upgrade", (req, socket, head) => {
    socket.on("error", () => undefined); // `close` follows
    upgrade(req, socket, head).catch((err: unknown) => {
      const { code, reason, message } = failed(err);
      answerOn(socket, code, reason, message);
    });
  });
  const sockets = new Set<Duplex>();
  server.on("secureConnection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", (err) => o.log.debug({ err }, "TLS handshake failed"));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(o.port, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    trust: (ca) => {
      if (ca === clientCa) return;
      clientCa = ca;
      server.setSecureContext(context());
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

import { createServer } from "node:https";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "@tideway/log";
import type { OnDenied } from "../audit.ts";
import type { AdmissionMetrics, Outcome } from "../metrics.ts";
import type { Routes, ServingCertificate } from "../ports.ts";
import { type AdmissionRequest, responseTo, type Verdict } from "../review/review.ts";

export interface WebhookServerOptions {
  port: number;
  routes: Routes;
  certificate: ServingCertificate;
  metrics: AdmissionMetrics;
  log: Logger;
  onDenied: OnDenied;
}

export interface WebhookServer {
  readonly port: number;
  /** For new connections. */
  use(c: ServingCertificate): void;
  close(): Promise<void>;
}

/** An object in etcd is at most 1.5 MiB; a review carries two, and what wraps them. */
const MAX_BODY = 8 * 1024 * 1024;
/** How long open requests may take to finish at shutdown, in ms; the webhooks' own timeout. */
const DRAIN_MS = 5_000;

const bodyOf = async (req: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

const requestOf = (text: string): AdmissionRequest<never> | undefined => {
  try {
    const review = JSON.parse(text) as { apiVersion?: string; request?: AdmissionRequest<never> } | null;
    const ok = review?.apiVersion === "admission.k8s.io/v1" && typeof review.request?.uid === "string";
    return ok ? review.request : undefined;
  } catch {
    return undefined;
  }
};

const outcomeOf = (v: Verdict): Outcome => (!v.allowed ? "denied" : v.patch?.length ? "patched" : "allowed");

/** Listens as soon as there is a certificate. The API server decides by failurePolicy what no answer means. */
export const startWebhookServer = async (o: WebhookServerOptions): Promise<WebhookServer> => {
  const say = (res: ServerResponse, code: number, body = ""): void => {
    res
      .writeHead(code, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
      .end(body);
  };

  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const route = o.routes[req.url?.split("?")[0] ?? ""];
    if (!route) return say(res, 404);
    if (req.method !== "POST") return say(res, 405);
    const text = await bodyOf(req);
    if (text === undefined) return say(res, 413);
    const request = requestOf(text);
    if (!request) return say(res, 400);
    const { webhook } = route;
    const startedAt = performance.now();
    try {
      const verdict = await route.handler(request);
      const { namespace, name, operation, userInfo } = request;
      if (!verdict.allowed) {
        const { reason, message } = verdict;
        o.metrics.denials.inc({ webhook, reason });
        o.onDenied(webhook, request, verdict);
        o.log.info(
          { webhook, namespace, name, operation, user: userInfo.username, reason, denial: message },
          "request denied",
        );
      }
      o.metrics.requests.inc({ webhook, outcome: outcomeOf(verdict) });
      say(res, 200, JSON.stringify(responseTo(request.uid, verdict)));
    } catch (err) {
      o.metrics.requests.inc({ webhook, outcome: "error" });
      o.log.error({ err, webhook, namespace: request.namespace, name: request.name }, "webhook failed");
      say(res, 500);
    } finally {
      o.metrics.seconds.observe({ webhook }, (performance.now() - startedAt) / 1000);
    }
  };

  const server = createServer(
    { ...o.certificate, minVersion: "TLSv1.2", keepAliveTimeout: 120_000 },
    (req, res) => {
      serve(req, res).catch((err: unknown) => {
        o.log.debug({ err }, "connection broke");
        res.destroy();
      });
    },
  );
  server.on("tlsClientError", (err) => o.log.debug({ err }, "TLS handshake failed"));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(o.port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    use: (c) => server.setSecureContext({ ...c, minVersion: "TLSv1.2" }),
    close: () =>
      new Promise((done) => {
        const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
        server.close(() => {
          clearTimeout(timer);
          done();
        });
        server.closeIdleConnections();
      }),
  };
};

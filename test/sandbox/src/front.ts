import { readFileSync } from "node:fs";
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { Agent, request } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import type { ApiServer } from "./api-server.ts";
import { makeCertificate } from "./pki.ts";

/** Answers in the API server's place and says true, or leaves the request to it. */
export type Rule = (req: Http2ServerRequest, res: Http2ServerResponse) => boolean;

/** Stands before an API server, with a certificate of its CA: what its owner could make it say, it says. */
export interface Front {
  url: string;
  /** Holds from now on; every connection is broken, so that all is asked anew. */
  lie(rule: Rule): void;
  /** The API server alone speaks again. */
  tellTruth(): void;
  /** Requests so far. */
  readonly asked: number;
  close(): Promise<void>;
}

const HOP = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);

export const startFront = async (server: ApiServer): Promise<Front> => {
  const pki = join(dirname(server.kubeconfig), "pki");
  await makeCertificate(pki, { name: "front", commonName: "front", names: ["IP:127.0.0.1"] });
  const read = (file: string): Buffer => readFileSync(join(pki, file));
  const behind = new URL(server.url);
  const agent = new Agent({
    ca: read("ca.crt"),
    cert: read("admin.crt"),
    key: read("admin.key"),
    keepAlive: true,
  });
  const sessions = new Set<ServerHttp2Session>();
  let rule: Rule = () => false;
  let asked = 0;

  const pass = (req: Http2ServerRequest, res: Http2ServerResponse): void => {
    const headers = Object.fromEntries(
      Object.entries(req.headers).filter(([name]) => !name.startsWith(":") && !HOP.has(name)),
    );
    const out = request(
      { agent, host: behind.hostname, port: behind.port, method: req.method, path: req.url, headers },
      (answer) => {
        const kept = Object.entries(answer.headers).filter(([name]) => !HOP.has(name));
        res.writeHead(answer.statusCode ?? 502, Object.fromEntries(kept));
        answer.pipe(res);
        answer.on("error", () => res.stream?.close());
      },
    );
    out.on("error", () => res.stream?.close());
    res.on("close", () => out.destroy());
    req.pipe(out);
  };
  const front = createSecureServer({ cert: read("front.crt"), key: read("front.key") }, (req, res) => {
    asked++;
    res.on("error", () => undefined);
    if (!rule(req, res)) pass(req, res);
  });
  front.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined).once("close", () => sessions.delete(session));
  });
  front.on("sessionError", () => undefined);
  await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
  const become = (next: Rule): void => {
    rule = next;
    for (const session of sessions) session.destroy();
  };
  return {
    url: `https://127.0.0.1:${(front.address() as AddressInfo).port}`,
    lie: become,
    tellTruth: () => become(() => false),
    get asked() {
      return asked;
    },
    close: () => {
      for (const session of sessions) session.destroy();
      agent.destroy();
      return new Promise<void>((done) => front.close(() => done()));
    },
  };
};

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Readiness {
  /** Names one thing the service needs before it can serve; not ready until all of them are. */
  set(name: string, ok: boolean): void;
  /** The service's main function has returned. */
  started(): void;
  /** From here on never ready again. */
  stopping(): void;
  readonly ready: boolean;
  /** What is missing, for a person. */
  missing(): string[];
}

/** Ready when everything named is; a service that names nothing is ready when its main function returned. */
export const createReadiness = (): Readiness => {
  const gates = new Map<string, boolean>();
  let started = false;
  let stopping = false;
  const missing = (): string[] => [
    ...(stopping ? ["shutting down"] : []),
    ...(gates.size === 0 && !started ? ["starting"] : []),
    ...[...gates].filter(([, ok]) => !ok).map(([name]) => name),
  ];
  return {
    set: (name, ok) => void gates.set(name, ok),
    started: () => void (started = true),
    stopping: () => void (stopping = true),
    get ready() {
      return missing().length === 0;
    },
    missing,
  };
};

/** `/healthz`: the event loop turns. `/readyz`: 200, or 503 with what is missing. Without a host on all addresses. */
export const serveHealth = (
  readiness: Readiness,
  port = 8081,
  host?: string,
): Promise<{ port: number; close(): Promise<void> }> =>
  new Promise((resolve, reject) => {
    const server = createServer((req, res) => {
      const path = req.url?.split("?")[0];
      if (path === "/healthz") return void res.writeHead(200).end("ok\n");
      if (path !== "/readyz") return void res.writeHead(404).end();
      const missing = readiness.missing();
      if (missing.length === 0) res.writeHead(200).end("ok\n");
      else res.writeHead(503).end(`not ready: ${missing.join(", ")}\n`);
    });
    server.once("error", reject);
    server.listen(port, host, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      }),
    );
  });

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";

export interface ListeningServer {
  readonly port: number;
  close(): Promise<void>;
}

const listening = (server: Server, port: number, host?: string): Promise<ListeningServer> =>
  new Promise((resolve, reject) => {
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

/** `GET /metrics` in the Prometheus text format. Port 0 takes a free one; without a host it listens on all addresses. */
export const serveMetrics = (metrics: Metrics, port = 8080, host?: string): Promise<ListeningServer> =>
  listening(
    createServer((req, res) => {
      if (req.url?.split("?")[0] !== "/metrics") return void res.writeHead(404).end();
      metrics.registry.metrics().then(
        (text) => res.writeHead(200, { "content-type": metrics.registry.contentType }).end(text),
        () => res.writeHead(500).end(),
      );
    }),
    port,
    host,
  );

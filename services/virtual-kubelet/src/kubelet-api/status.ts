import type { ServerResponse } from "node:http";

/** What clients of Kubernetes understand as an error. */
export const statusText = (code: number, reason: string, message: string): string =>
  JSON.stringify({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    code,
  });

export const answer = (res: ServerResponse, code: number, reason: string, message: string): void => {
  if (res.headersSent) return void res.destroy();
  const body = statusText(code, reason, message);
  res
    .writeHead(code, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
    .end(body);
};

export const sendJson = (res: ServerResponse, body: unknown): void => {
  const text = JSON.stringify(body);
  res
    .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
    .end(text);
};

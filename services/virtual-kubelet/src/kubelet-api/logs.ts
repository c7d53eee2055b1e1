import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { Kube } from "@tideway/k8s";

/** Longest wait for the first byte of a log that is not followed, in ms; a followed one may be silent for ever. */
const FIRST_BYTE_MS = 60_000;

/** Streams a container's log from the provider; its answer, whatever it is, becomes ours. */
export const sendLogs = async (
  kube: Kube,
  path: string,
  follow: boolean,
  res: ServerResponse,
): Promise<void> => {
  const abort = new AbortController();
  res.once("close", () => abort.abort());
  try {
    await passOn(kube, path, follow, res, abort.signal);
  } catch (err) {
    if (!abort.signal.aborted) throw err; // the reader had enough
  }
};

const passOn = async (
  kube: Kube,
  path: string,
  follow: boolean,
  res: ServerResponse,
  signal: AbortSignal,
): Promise<void> => {
  const answer = await kube.request({
    method: "GET",
    path,
    headers: { accept: "*/*" },
    signal,
    headersTimeoutMs: follow ? 0 : FIRST_BYTE_MS,
    bodyTimeoutMs: 0,
  });
  const type = answer.headers["content-type"];
  res.writeHead(answer.status, {
    "content-type": Array.isArray(type) ? (type[0] ?? "text/plain") : (type ?? "text/plain"),
  });
  res.flushHeaders();
  await pipeline(answer.body, res);
};

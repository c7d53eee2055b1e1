import { spawn } from "node:child_process";
import { join } from "node:path";
import { type Cluster, until } from "@tideway/sandbox";
import { checkout } from "./deploy.ts";

/** Asks without end, a new connection each time, and counts; told what to ask by the first line, to end by the second. */
const LOAD = `
const http = require("node:http");
let text = "", stopped = false;
const report = { sent: 0, failed: [], longestGapMs: 0, who: {} };
let last = 0;
const ask = (o) => new Promise((resolve) => {
  const fail = (why) => { report.failed.push(new Date().toISOString() + " " + why); resolve(); };
  const req = http.get({ host: o.host, port: o.port, path: o.path || "/", agent: false }, (res) => {
    let body = "";
    res.on("data", (b) => { body += b; });
    res.on("error", (err) => fail(err.message));
    res.on("end", () => {
      clearTimeout(late);
      if (res.statusCode !== 200) return fail("HTTP " + res.statusCode + " " + body.slice(0, 80));
      const now = performance.now();
      if (last) report.longestGapMs = Math.max(report.longestGapMs, now - last);
      last = now;
      const who = res.headers["x-name"] || res.headers["x-front"] || "";
      report.who[who] = (report.who[who] || 0) + 1;
      resolve();
    });
  });
  const late = setTimeout(() => req.destroy(new Error("no answer within " + o.timeoutMs + " ms")), o.timeoutMs);
  req.on("error", (err) => { clearTimeout(late); fail(err.message); });
});
const worker = async (o) => {
  while (!stopped) {
    report.sent++;
    await Promise.all([ask(o), new Promise((go) => setTimeout(go, o.everyMs))]);
  }
};
process.stdin.on("data", async (b) => {
  const before = text.split("\\n").length;
  text += b;
  const lines = text.split("\\n");
  if (before === 1 && lines.length > 1) {
    const o = JSON.parse(lines[0]);
    console.log("started");
    await Promise.all(Array.from({ length: o.workers }, () => worker(o)));
    console.log(JSON.stringify(report));
    process.exit(0);
  }
  if (lines.length > 2) stopped = true;
});
`;

export interface LoadReport {
  sent: number;
  failed: string[];
  /** Between two answers. */
  longestGapMs: number;
  /** Answers by who gave them. */
  who: Record<string, number>;
}

export interface Load {
  stop(): Promise<LoadReport>;
}

export interface LoadOptions {
  host: string;
  /** Default 8080. */
  port?: number;
  path?: string;
  /** Between two requests of a worker; default 20 ms. */
  everyMs?: number;
  /** Default 2. */
  workers?: number;
  /** After which a request has failed; default 5 s. */
  timeoutMs?: number;
}

/** Constant load from a pod; the pod has to run on a real node of `c`, so that no control service is on the way. */
export const load = async (c: Cluster, namespace: string, pod: string, o: LoadOptions): Promise<Load> => {
  const args = ["--kubeconfig", c.kubeconfig, "-n", namespace, "exec", "-i", pod, "--"];
  const child = spawn(join(checkout, "bin/kubectl"), [...args, "node", "-e", LOAD], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (b: Buffer) => (out += b.toString()));
  child.stderr.on("data", (b: Buffer) => (err += b.toString()));
  child.stdin.on("error", () => undefined); // it ended: `ended` says so
  const ended = new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`load in ${namespace}/${pod} ended with ${code}: ${err}`)),
    );
  });
  ended.catch(() => undefined); // awaited in stop
  const wish = { port: 8080, path: "/", everyMs: 20, workers: 2, timeoutMs: 5_000, ...o };
  child.stdin.write(`${JSON.stringify(wish)}\n`);
  await Promise.race([
    until(() => Promise.resolve(out.includes("started")), { what: "the load to begin" }),
    ended.then(() => Promise.reject(new Error(`the load ended before it began: ${err}`))),
  ]);
  return {
    stop: async () => {
      child.stdin.write("stop\n");
      await ended;
      return JSON.parse(out.trim().split("\n").at(-1) ?? "") as LoadReport;
    },
  };
};

/** For `node -e` in a pod: fetches so much from a probe's server and prints `<bytes> <whether its checksum is right>`. */
export const fetchAndCheck = (host: string, mib: number, port = 8080): string => `
const { createHash } = require("node:crypto");
require("node:http").get("http://${host}:${port}/stream?mib=${mib}", (res) => {
  const hash = createHash("sha256"); let bytes = 0;
  res.on("data", (b) => { hash.update(b); bytes += b.length; });
  res.on("end", () => { console.log(bytes, hash.digest("hex") === res.trailers["x-sha256"]); process.exit(0); });
  res.on("error", (err) => { console.error(err.message); process.exit(1); });
});`;

import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server } from "node:http";
import { createHash } from "node:crypto";
import { get, type IncomingMessage } from "node:http";
import { freePorts } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "./report.ts";
import { parseOutcomes } from "./run.ts";
import { MEASURE, PROBE, SERVE } from "./scripts.ts";

// The scripts run as they do in a pod: `node -e`, told what to do on standard input.

let port = 0;
let server: ChildProcess;
let liar: Server;
let liarPort = 0;
const script = (
  text: string,
  input: object,
  ...args: string[]
): Promise<{ out: string; code: number | null }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["-e", text, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    child.stdout.on("data", (b: Buffer) => (out += b.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ out, code }));
    child.stdin.write(`${JSON.stringify(input)}\n`); // never closed, as over the API server
  });
const answered = (): Promise<boolean> =>
  new Promise((resolve) => {
    get({ host: "127.0.0.1", port }, (res) => resolve(res.resume().statusCode === 200)).on("error", () =>
      resolve(false),
    );
  });

beforeAll(async () => {
  do [port = 0] = await freePorts(1);
  while (port > 65_000);
  server = spawn(process.execPath, ["-e", SERVE], {
    env: { NAME: "b", PORT: String(port) },
    stdio: "inherit",
  });
  for (let i = 0; i < 800 && !(await answered()); i++) await new Promise((r) => setTimeout(r, 25));
  liar = createServer((req, res) => void req.resume().on("end", () => res.end("something else")));
  await new Promise<void>((r) => liar.listen(0, "127.0.0.1", r));
  liarPort = (liar.address() as { port: number }).port;
});
afterAll(() => {
  server.kill();
  liar.close();
});

const cell = (id: string, more: object = {}): object => ({
  id,
  check: "http",
  host: "127.0.0.1",
  port,
  timeoutMs: 2_000,
  expect: "pass",
  ...more,
});
const probe = async (cells: object[], patienceMs = 300): Promise<Map<string, Outcome>> => {
  const { out } = await script(PROBE, { cells, patienceMs, parallel: 4 });
  return new Map(parseOutcomes(out).map((o) => [o.id, o]));
};

describe("the probe", () => {
  test("tells what answers, what comes back whole, and what does not", async () => {
    const [closed = 0] = await freePorts(1);
    const got = await probe([
      cell("http"),
      cell("body", { check: "body", bytes: 65_536 }),
      cell("names", { check: "names", host: "127.0.0.1", count: 1 }),
      cell("too many names", { check: "names", host: "127.0.0.1", count: 2 }),
      cell("closed", { port: closed }),
      cell("blocked", { port: closed, expect: "blocked" }),
      cell("not blocked", { expect: "blocked" }),
      cell("changed", { port: liarPort, check: "body", bytes: 100 }),
    ]);
    expect(got.get("http")).toMatchObject({ reached: true, attempts: 1, who: "b" });
    expect(got.get("body")).toMatchObject({ reached: true, attempts: 1 });
    expect(got.get("names")).toMatchObject({ reached: true, who: "b" });
    expect(got.get("too many names")).toMatchObject({ reached: false });
    expect(got.get("closed")).toMatchObject({
      reached: false,
      detail: expect.stringContaining("ECONNREFUSED"),
    });
    expect(got.get("blocked")).toMatchObject({ reached: false, attempts: 2 });
    expect(got.get("not blocked")).toMatchObject({ reached: true });
    expect(got.get("changed")).toMatchObject({ reached: false, detail: "100 bytes came back changed" });
  });

  test("pings, or says that the image cannot", async () => {
    const got = (await probe([cell("ping", { check: "ping", bytes: 65_507 })])).get("ping");
    if (got?.skipped === undefined) expect(got).toMatchObject({ reached: true });
    else expect(got.skipped).toBe("the image has no ping");
  });
});

test("the server streams with a checksum of what it sent", async () => {
  const res = await new Promise<IncomingMessage>((resolve) => {
    get({ host: "127.0.0.1", port, path: "/stream?mib=3" }, resolve);
  });
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of res as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  expect(bytes).toBe(3 << 20);
  expect(res.trailers["x-sha256"]).toBe(hash.digest("hex"));
});

test("throughput and round trips are measured", async () => {
  const wish = { host: "127.0.0.1", port: port + 1, seconds: 0.2, streams: 2, pings: 30 };
  const { out, code } = await script(MEASURE, {}, JSON.stringify(wish));
  expect(code).toBe(0);
  const { rtt, bytesPerSecond } = JSON.parse(out) as { rtt: number[]; bytesPerSecond: number };
  expect(rtt).toHaveLength(30);
  expect(rtt).toEqual([...rtt].sort((a, b) => a - b));
  expect(bytesPerSecond).toBeGreaterThan(0);
});

test("nothing in a script is a variable for the kubelet to expand", () => {
  for (const text of [SERVE, PROBE]) expect(text).not.toMatch(/\$[($]/);
});

/**
 * What runs inside the test's pods, as text for `node -e`: nothing has to be installed there but Node, and `ping`
 * where pings are wanted. No "$(" in here: the kubelet would expand it.
 */
export const HTTP_PORT = 8080;
export const RAW_PORT = 8081;
/** What PROBE prints when it can be told what to do. */
export const LISTENING = "listening";

/**
 * A server in environment PORT (none: it only waits): GET / says its name, POST / gives the body back, GET /stream?mib=N
 * sends so much of a key stream and its SHA-256 as a trailer. On the next port, by the first byte: `E` echoes, `S` sends
 * without end, `R` swallows.
 */
export const SERVE = `
const http = require("node:http"), net = require("node:net");
const { createHash, createCipheriv } = require("node:crypto");
const name = process.env.NAME || "", port = Number(process.env.PORT || 0);
process.on("SIGTERM", () => process.exit(0));
const sha = (b) => createHash("sha256").update(b).digest("hex");
const stream = async (res, mib) => {
  const cipher = createCipheriv("aes-256-ctr", Buffer.alloc(32, 7), Buffer.alloc(16));
  const hash = createHash("sha256"), zeros = Buffer.alloc(1 << 20);
  res.writeHead(200, { trailer: "x-sha256", "x-name": name });
  for (let i = 0; i < mib && !res.destroyed; i++) {
    const block = cipher.update(zeros);
    hash.update(block);
    if (!res.write(block)) await new Promise((go) => { res.once("drain", go); res.once("close", go); });
  }
  res.addTrailers({ "x-sha256": hash.digest("hex") });
  res.end();
};
const answer = (req, res) => {
  const url = new URL(req.url, "http://x");
  if (url.pathname === "/stream") return void stream(res, Number(url.searchParams.get("mib") || 1));
  const parts = [];
  req.on("data", (c) => parts.push(c));
  req.on("end", () => {
    const body = Buffer.concat(parts);
    res.setHeader("x-name", name);
    res.setHeader("x-peer", req.socket.remoteAddress || "");
    if (req.method !== "POST") return res.end(name);
    res.setHeader("x-sha256", sha(body));
    res.end(body);
  });
};
const zeros = Buffer.alloc(1 << 17);
const raw = (s) => {
  s.setNoDelay(true);
  s.on("error", () => {});
  s.once("data", (first) => {
    const mode = String.fromCharCode(first[0]);
    if (mode === "E") { if (first.length > 1) s.write(first.subarray(1)); s.on("data", (b) => s.write(b)); }
    else if (mode === "S") { const go = () => { while (!s.destroyed && s.write(zeros)); }; s.on("drain", go); go(); }
    else s.resume();
  });
};
if (port) { http.createServer(answer).listen(port); net.createServer(raw).listen(port + 1); }
else setInterval(() => {}, 1e6);
`;

/**
 * Says `listening`, reads one line of JSON, { cells, patienceMs, parallel }, from standard input; writes one line of JSON a cell. A cell
 * that is to pass is tried until it does or patience ends; one that is to be blocked is tried twice.
 */
export const PROBE = `
const http = require("node:http"), dns = require("node:dns").promises;
const { execFile } = require("node:child_process"), { randomBytes, createHash } = require("node:crypto");
const sha = (b) => createHash("sha256").update(b).digest("hex");
const ask = (host, port, body, timeoutMs) => new Promise((resolve, reject) => {
  const req = http.request({ host, port, path: "/", agent: false, method: body ? "POST" : "GET", timeout: timeoutMs }, (res) => {
    const parts = [];
    res.on("data", (c) => parts.push(c));
    res.on("error", reject);
    res.on("end", () => resolve({ status: res.statusCode, who: res.headers["x-name"], from: res.headers["x-peer"], sha: res.headers["x-sha256"], body: Buffer.concat(parts) }));
  });
  const late = setTimeout(() => req.destroy(new Error("no answer within " + timeoutMs + " ms")), timeoutMs);
  req.on("close", () => clearTimeout(late));
  req.on("error", reject);
  req.end(body);
});
const fetchOne = async (c, host, body) => {
  const r = await ask(host, c.port, body, c.timeoutMs);
  if (c.expect === "pass" && r.status !== 200) throw new Error("HTTP " + r.status);
  if (body && (r.sha !== sha(body) || sha(r.body) !== sha(body))) throw new Error(body.length + " bytes came back changed");
  return r;
};
const ping = (c) => new Promise((resolve, reject) => {
  const args = ["-n", "-c", "3", "-i", "0.2", "-W", "2", "-s", String(c.bytes), c.host];
  execFile("ping", args, { timeout: c.timeoutMs + 5000 }, (err, out, stderr) => {
    if (err && err.code === "ENOENT") return resolve({ skipped: "the image has no ping" });
    const loss = /([0-9.]+)% packet loss/.exec(out || "");
    if (err || !loss || Number(loss[1]) > 0) return reject(new Error((stderr || (loss && loss[0]) || "no answer").trim()));
    const rtt = /= [0-9.]+[/]([0-9.]+)/.exec(out);
    resolve({ ms: rtt ? Number(rtt[1]) : undefined });
  });
});
const names = async (c) => {
  const all = await dns.lookup(c.host, { all: true });
  if (all.length !== c.count) throw new Error(c.host + " has " + all.length + " addresses, not " + c.count);
  const who = [];
  for (const { address } of all) who.push((await fetchOne(c, address)).who);
  return { who: who.sort().join(" ") };
};
const once = async (c) => {
  if (c.check === "ping") return await ping(c);
  if (c.check === "names") return await names(c);
  return await fetchOne(c, c.host, c.check === "body" ? randomBytes(c.bytes) : undefined);
};
const run = async (c, until) => {
  let attempts = 0, detail = "";
  for (;;) {
    attempts++;
    const from = performance.now();
    try {
      const r = await once(c);
      if (r.skipped) return { id: c.id, skipped: r.skipped };
      return { id: c.id, reached: true, attempts, ms: r.ms ?? performance.now() - from, who: r.who, from: r.from };
    } catch (err) { detail = err.message || String(err); }
    if (c.expect === "blocked" ? attempts >= 2 : Date.now() > until) return { id: c.id, reached: false, attempts, detail };
    await new Promise((go) => setTimeout(go, 200));
  }
};
let text = "";
process.stdin.on("data", async (b) => {
  text += b;
  if (!text.includes("\\n")) return;
  process.stdin.pause();
  const { cells, patienceMs, parallel } = JSON.parse(text);
  const until = Date.now() + patienceMs, queue = [...cells];
  const worker = async () => {
    for (let c = queue.shift(); c; c = queue.shift()) console.log(JSON.stringify(await run(c, until)));
  };
  await Promise.all(Array.from({ length: parallel || 4 }, worker));
  process.exit(0);
});
console.log("${LISTENING}");
`;

/**
 * Its argument is { host, port, seconds, streams, pings }: throughput from the server in bytes a second, all bytes that
 * came, and round trips of one byte, in milliseconds, sorted.
 */
export const MEASURE = `
const net = require("node:net");
const open = (o, mode) => new Promise((resolve, reject) => {
  const s = net.connect({ host: o.host, port: o.port }, () => { s.setNoDelay(true); s.write(mode); resolve(s); });
  s.setTimeout(10000, () => s.destroy(new Error("no answer within 10 s")));
  s.on("error", reject);
});
const roundTrips = async (o) => {
  const s = await open(o, "E"), all = [];
  for (let i = 0; i < o.pings + 20; i++) {
    if (s.destroyed) throw new Error("closed");
    const from = process.hrtime.bigint();
    await new Promise((go, no) => { s.once("data", go); s.once("close", () => no(new Error("closed"))); s.write("x"); });
    if (i >= 20) all.push(Number(process.hrtime.bigint() - from) / 1e6);
    s.removeAllListeners("close");
  }
  s.destroy();
  return all.sort((a, b) => a - b);
};
const flood = async (o) => {
  let bytes = 0;
  const all = await Promise.all(Array.from({ length: o.streams }, () => open(o, "S")));
  for (const s of all) s.on("data", (b) => { bytes += b.length; });
  await new Promise((go) => setTimeout(go, 500));
  const from = process.hrtime.bigint(), before = bytes;
  await new Promise((go) => setTimeout(go, o.seconds * 1000));
  const rate = (bytes - before) / (Number(process.hrtime.bigint() - from) / 1e9);
  for (const s of all) s.destroy();
  return { bytesPerSecond: rate, bytes };
};
const measure = async () => {
  const o = JSON.parse(process.argv[1]);
  const rtt = o.pings > 0 ? await roundTrips(o) : [];
  const flow = o.seconds > 0 ? await flood(o) : { bytesPerSecond: 0, bytes: 0 };
  console.log(JSON.stringify({ rtt, ...flow }));
};
measure().then(
  () => process.exit(0),
  (err) => { console.error(err.message || String(err)); process.exit(1); },
);
`;

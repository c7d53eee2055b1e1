import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { exec, execUrl, exitCodeIn } from "./exec.ts";

let http: Server;
let server = "";
const sent: { url: string; input: string }[] = [];
const failure = { status: "Failure", details: { causes: [{ reason: "ExitCode", message: "7" }] } };

beforeAll(async () => {
  http = createServer((_, res) => res.writeHead(404).end());
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "v4.channel.k8s.io" });
  http.on("upgrade", (req, socket, head) => {
    if (req.url?.includes("/forbidden/"))
      return void socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    sockets.handleUpgrade(req, socket, head, (ws) => {
      if (req.url?.includes("/slow/"))
        setTimeout(() => {
          expect(sent.filter((s) => s.url.includes("/slow/"))).toEqual([]); // nobody would have heard it
          for (const part of ["list", "ening\n"]) ws.send(Buffer.concat([Buffer.of(1), Buffer.from(part)]));
        }, 50);
      ws.on("message", (m: Buffer) => {
        sent.push({ url: req.url ?? "", input: m.subarray(1).toString() });
        ws.send(Buffer.concat([Buffer.of(1), Buffer.from("out ")]));
        ws.send(Buffer.concat([Buffer.of(2), Buffer.from("err")]));
        ws.send(Buffer.concat([Buffer.of(1), Buffer.from("put")]));
        if (!req.url?.includes("/broken/"))
          ws.send(Buffer.concat([Buffer.of(3), Buffer.from(JSON.stringify(failure))]));
        ws.close();
      });
    });
  });
  await new Promise<void>((r) => http.listen(0, "127.0.0.1", r));
  server = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(() => void http.close());

const signal = AbortSignal.timeout(60_000);
const run = (pod: string) =>
  exec({ server }, { namespace: "n", pod, container: "main" }, ["sh", "-c", "a b"], {
    input: "in\n",
    signal,
  });

describe("exec", () => {
  test("gathers both streams and the exit code, and passes its input on", async () => {
    expect(await run("p")).toEqual({ out: "out put", err: "err", code: 7 });
    expect(sent.at(-1)?.input).toBe("in\n");
    expect(sent.at(-1)?.url).toContain("command=sh&command=-c&command=a+b");
  });
  test("waits with its input until the command says that it listens, and sends it once", async () => {
    const o = { input: "in\n", inputAfter: "listening", signal };
    const done = await exec({ server }, { namespace: "n", pod: "slow" }, ["x"], o);
    expect(done.out).toBe("listening\nout put");
    expect(sent.filter((s) => s.url.includes("/slow/")).map((s) => s.input)).toEqual(["in\n"]);
  });
  test("says what the API server answered", () =>
    expect(run("forbidden")).rejects.toThrow("exec in pod n/forbidden: the API server answered HTTP 403"));
  test("never takes a broken connection for an end", () =>
    expect(run("broken")).rejects.toThrow("the connection broke before the command ended"));
  test("ends with its signal", () =>
    expect(
      exec({ server }, { namespace: "n", pod: "p" }, ["x"], {
        signal: AbortSignal.abort(new Error("enough")),
      }),
    ).rejects.toThrow("enough"));
});

test("a URL names the pod and every word of the command", () =>
  expect(execUrl("https://a:6443/", { namespace: "n", pod: "p" }, ["ls", "-l"])).toBe(
    "wss://a:6443/api/v1/namespaces/n/pods/p/exec?stdin=true&stdout=true&stderr=true&command=ls&command=-l",
  ));

test("a command that could not be run has no exit code", () =>
  expect(exitCodeIn('{"status":"Failure","message":"no such file"}')).toBeUndefined());

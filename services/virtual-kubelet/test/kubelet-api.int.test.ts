import { readFileSync } from "node:fs";
import { request as send } from "node:https";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import {
  createKube,
  type Kube,
  loadCredentials,
  namespaces,
  nodes,
  pods,
  serviceAccounts,
} from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { type ApiServer, startApiServer, until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { identityOf } from "../src/kubelet-api/fixtures.ts";
import { startKubeletApi } from "../src/kubelet-api/index.ts";
import type { Local, Part, PeerConnection, PeerConnections } from "../src/ports.ts";

/**
 * One API server is both clusters: pod shop/web is bound to virtual node "west", its twin tideway-east--shop/web
 * to node "real", whose kubelet is played by the test. Requests take the whole way:
 * API server -> our port -> API server -> kubelet.
 */
const TWIN = "tideway-east--shop";
let server: ApiServer;
let kube: Kube;
let part: Part & { port: number };
const abort = new AbortController();
const asked: string[] = [];
/** Lets the kubelet write the rest of the log that is followed. */
let goOn = (): unknown => undefined;

const fakeKubelet = async (): Promise<{ port: number; close(): void }> => {
  const kubelet = createServer({ ...identityOf("real"), ALPNProtocols: ["http/1.1"] }, (req, res) => {
    asked.push(`${req.method} ${req.url}`);
    if (!req.url?.includes("follow=true")) return void res.end("all of it\n");
    res.write("first\n");
    goOn = () => res.end("last\n");
  });
  kubelet.on("upgrade", (req, socket) => {
    asked.push(`${req.method} ${req.url}`);
    socket.on("error", () => undefined);
    if (req.url?.includes("command=missing")) {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot here\n");
      return;
    }
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n",
    );
    socket.on("data", (d: Buffer) => {
      if (String(d) === "bye") socket.end("exit 3");
      else socket.write(`echo ${String(d)}`);
    });
  });
  await new Promise<void>((done) => kubelet.listen(0, done));
  return {
    port: (kubelet.address() as AddressInfo).port,
    close: () => void (kubelet.close(), kubelet.closeAllConnections()),
  };
};

const makeNode = async (name: string, port: number): Promise<void> => {
  await kube.create(nodes, { metadata: { name } });
  const addresses = [{ type: "InternalIP", address: "127.0.0.1" }];
  await kube.patch(
    nodes,
    name,
    undefined,
    { status: { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } } },
    { subresource: "status" },
  );
};
const makePod = (namespace: string, nodeName: string): Promise<unknown> =>
  kube.create(pods, {
    metadata: { name: "web", namespace },
    spec: { nodeName, containers: [{ name: "app", image: "i" }] },
  });

const admin = (): { ca: string; cert: string; key: string } => {
  const { ca = "", cert = "", key = "" } = kube.credentials;
  return { ca, cert, key };
};
interface Answer {
  status: number;
  text: string;
  headers: Record<string, unknown>;
}
/** Straight to our port. */
const ask = (
  path: string,
  identity: { cert?: string; key?: string; token?: string } = admin(),
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { token, ...tls } = identity;
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const req = send(
      {
        host: "127.0.0.1",
        port: part.port,
        path,
        headers,
        rejectUnauthorized: false,
        agent: false,
        cert: tls.cert,
        key: tls.key,
      },
      (res) => {
        let text = "";
        res.on("data", (d) => (text += String(d)));
        res.on("end", () => resolve({ status: res.statusCode ?? 0, text, headers: res.headers }));
      },
    );
    req.on("error", reject);
    req.end();
  });

beforeAll(async () => {
  server = await startApiServer({ name: "kubelet-api" });
  kube = createKube(loadCredentials({ KUBECONFIG: server.kubeconfig }), { userAgent: "test" });
  const kubelet = await fakeKubelet();
  abort.signal.addEventListener("abort", kubelet.close);
  for (const name of ["shop", TWIN]) await kube.create(namespaces, { metadata: { name } });
  const west: PeerConnection = {
    clusterID: "west-id",
    peer: "west",
    nodeNames: ["west"],
    nodeOf: () => "west",
    kube,
    twinNamespace: (source) => (source === "shop" ? TWIN : undefined),
    sourceNamespace: () => undefined,
  };
  const peers: PeerConnections = {
    byPeer: () => west,
    byPod: (namespace, name) => (`${namespace}/${name}` === "shop/web" ? west : undefined),
    list: () => [west],
    podsOf: () => [{ metadata: { name: "web", namespace: "shop", uid: "u" }, status: { phase: "Running" } }],
  };
  part = await startKubeletApi({ kube, log: silentLogger, signal: abort.signal } as unknown as Local, peers, {
    port: 0,
  });
  await makeNode("west", part.port);
  await makeNode("real", kubelet.port);
  await makePod("shop", "west");
  await makePod(TWIN, "real");
}, 60_000);

afterAll(async () => {
  abort.abort();
  await part?.stop();
  await kube?.close();
  await server?.stop();
});

describe("through the API server", () => {
  it("logs carry every option to the provider's kubelet", async () => {
    expect(await server.kubectl("-n", "shop", "logs", "web", "--tail=5", "--timestamps", "--previous")).toBe(
      "all of it\n",
    );
    const url = asked.find((a) => a.includes(`/containerLogs/${TWIN}/web/app`));
    expect(url).toMatch(/tailLines=5/);
    expect(url).toMatch(/timestamps=true/);
    expect(url).toMatch(/previous=true/);
  });
  it("followed logs arrive while they are written", async () => {
    const answer = await kube.request({
      method: "GET",
      path: "/api/v1/namespaces/shop/pods/web/log",
      query: { follow: true },
      bodyTimeoutMs: 0,
    });
    let text = "";
    for await (const chunk of answer.body) {
      text += String(chunk);
      if (text === "first\n") goOn(); // which is here before there is more
    }
    expect(text).toBe("first\nlast\n");
  });
  it("the provider's errors come back as they are", async () => {
    const answer = await kube.request({
      method: "GET",
      path: "/api/v1/namespaces/shop/pods/web/log",
      query: { previous: true, container: "app" },
    });
    expect(answer.status).toBe(200);
    await answer.body.dump();
    await expect(server.kubectl("-n", "shop", "logs", "web", "-c", "other")).rejects.toThrow("other");
  });
});

/** An upgrade at our port, as the API server makes it. */
const open = (
  path: string,
): Promise<{ status: number; text: string; talk?: (words: string[]) => Promise<string> }> =>
  new Promise((resolve, reject) => {
    const headers = {
      connection: "Upgrade",
      upgrade: "SPDY/3.1",
      "x-stream-protocol-version": ["v5.channel.k8s.io", "v4.channel.k8s.io"],
    };
    const req = send({
      host: "127.0.0.1",
      port: part.port,
      path,
      method: "POST",
      headers,
      rejectUnauthorized: false,
      agent: false,
      ...admin(),
    });
    req.on("error", reject);
    req.on("response", (res) => {
      let text = "";
      res.on("data", (d) => (text += String(d)));
      res.on("end", () => resolve({ status: res.statusCode ?? 0, text }));
    });
    req.on("upgrade", (res, socket) => {
      let text = "";
      const closed = new Promise((done) => socket.once("close", done));
      socket.on("data", (d: Buffer) => (text += String(d)));
      const talk = async (words: string[]): Promise<string> => {
        for (const word of words) {
          const before = text.length;
          socket.write(word);
          await until(async () => text.length > before, { what: `an answer to ${word}`, everyMs: 5 });
        }
        await closed;
        return text;
      };
      resolve({ status: res.statusCode ?? 0, text: "", talk });
    });
    req.end();
  });

describe("streams", () => {
  it("exec reaches the provider's kubelet with command and flags, and its last words come back", async () => {
    const { status, talk } = await open(
      "/exec/shop/web/app?command=sh&command=-c&command=exit+3&input=1&output=1&error=1",
    );
    expect(status).toBe(101);
    expect(await talk?.(["a", "bye"])).toBe("echo aexit 3");
    const url = asked.find((a) => a.includes(`/exec/${TWIN}/web/app`)) ?? "";
    expect([...new URL(url.split(" ")[1] ?? "", "https://x").searchParams]).toEqual(
      expect.arrayContaining([
        ["command", "sh"],
        ["command", "-c"],
        ["command", "exit 3"],
        ["input", "1"],
        ["output", "1"],
        ["error", "1"],
      ]),
    );
  });
  it.each(["attach/shop/web/app?output=1", "portForward/shop/web"])("%s as well", async (path) => {
    const { talk } = await open(`/${path}`);
    expect(await talk?.(["bye"])).toBe("exit 3");
  });
  it("a refusal of the kubelet over there arrives before the upgrade", async () => {
    expect(await open("/exec/shop/web/app?command=missing&output=1")).toEqual({
      status: 404,
      text: "not here\n",
    });
  });
  it("a container that is not there is the provider's API server's answer", async () => {
    const { status, text } = await open("/exec/shop/web/other?command=sh&output=1");
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ kind: "Status", message: expect.stringContaining("other") });
  });
  it("a pod of no virtual node is not found", async () => {
    expect(await open("/exec/shop/db/app?command=sh")).toMatchObject({ status: 404 });
  });
});

describe("who may ask", () => {
  it("nobody without certificate or token", async () => {
    expect((await ask("/pods", {})).status).toBe(401);
    expect((await ask("/pods", { token: "nonsense" })).status).toBe(401);
  });
  it("no certificate of another authority, not even in the name of an administrator", async () => {
    expect((await ask("/pods", identityOf("kubernetes-admin"))).status).toBe(401);
  });
  it("a token whose owner may read metrics reads metrics, and no more", async () => {
    await kube.create(serviceAccounts, { metadata: { name: "scraper", namespace: "shop" } });
    const token = (await server.kubectl("-n", "shop", "create", "token", "scraper")).trim();
    expect((await ask("/metrics/resource", { token })).status).toBe(403);
    const other = (await server.kubectl("-n", "shop", "create", "token", "scraper")).trim(); // denials are believed for 30 s
    await server.kubectl("create", "clusterrole", "scraper", "--verb=get", "--resource=nodes/metrics");
    await server.kubectl(
      "create",
      "clusterrolebinding",
      "scraper",
      "--clusterrole=scraper",
      "--serviceaccount=shop:scraper",
    );
    expect(other).not.toBe(token);
    const read = await until(
      async () => {
        const fresh = (await server.kubectl("-n", "shop", "create", "token", "scraper")).trim();
        const answer = await ask("/metrics/resource", { token: fresh });
        return answer.status === 200 ? answer : undefined;
      },
      { what: "the permission" },
    );
    expect(read.headers["x-tideway-source"]).toBe("none");
    expect(read.text).toContain("node_memory_working_set_bytes");
    expect((await ask("/pods", { token })).status).toBe(403);
    expect((await ask("/containerLogs/shop/web/app", { token })).status).toBe(403);
  });
  it("the API server's own identity reads all", async () => {
    const pki = join(dirname(server.kubeconfig), "pki");
    const identity = {
      cert: readFileSync(join(pki, "apiserver-kubelet-client.crt"), "utf8"),
      key: readFileSync(join(pki, "apiserver-kubelet-client.key"), "utf8"),
    };
    expect((await ask("/healthz", identity)).text).toBe("ok");
    expect(JSON.parse((await ask("/runningpods/", identity)).text)).toMatchObject({
      kind: "PodList",
      items: [{ metadata: { name: "web" } }],
    });
    expect(JSON.parse((await ask("/stats/summary", identity)).text)).toMatchObject({
      node: { nodeName: "west" },
      pods: [],
    });
    expect((await ask("/configz", identity)).status).toBe(404);
  });
});

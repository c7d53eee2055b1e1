import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bus, connectBus, type FactInput, type FactView } from "@tideway/bus";
import {
  createKube,
  endpointSlices,
  type Kube,
  loadCredentials,
  namespaces,
  nodes,
  pods,
  secrets,
} from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { interfaceOf } from "@tideway/net";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import {
  type ApiServer,
  binaries,
  type NatsServer,
  startApiServer,
  startNats,
  until,
} from "@tideway/sandbox";
import { newKeys } from "./fabric.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const MANIFESTS = "deploy/base/gateway";
const NETWORK = "tideway-network";
const dir = mkdtempSync(join(tmpdir(), "tideway-gateway-"));

let api: ApiServer;
let nats: NatsServer;
let kube: Kube;
let bus: Bus;
let tunnels: FactView<"tunnel">;
let spaces: Namespaces;
let kubeconfig: string;
const children: ChildProcess[] = [];
const [id, mine, theirs] = [randomUUID(), newKeys(), newKeys()];

/** Leads a loopback port of another network namespace to ours, by a socket in the file system, which both share. */
const bridge = (ns: string, port: number): void => {
  const socket = join(dir, `${ns}-${port}`);
  const socat = (...args: string[]): void => void children.push(spawn("socat", args, { stdio: "ignore" }));
  socat(`UNIX-LISTEN:${socket},fork`, `TCP:127.0.0.1:${port}`);
  const inside = ["netns", "exec", ns, "socat", `TCP-LISTEN:${port},fork,bind=127.0.0.1,reuseaddr`];
  children.push(spawn("ip", [...inside, `UNIX-CONNECT:${socket}`], { stdio: "ignore" }));
};

interface Replica {
  name: string;
  ip: string;
  ns: string;
  child: ChildProcess;
}

/** A gateway as it ships, in a network namespace like a pod's, and the Pod that a kubelet would show. */
const startReplica = async (name: string, ip: string, wireguardGo: string): Promise<Replica> => {
  const ns = spaces.add("gw");
  const router = spaces.add("router");
  spaces.connect(
    { ns, device: "eth0", address: `${ip}/24` },
    { ns: router, device: "gw", address: "10.200.0.1/24" },
  );
  spaces.run(ns, "ip", "route", "add", "default", "via", "10.200.0.1");
  for (const url of [api.url, nats.url]) bridge(ns, Number(new URL(url).port));
  await kube.create(pods, {
    metadata: { name, namespace: NETWORK, labels: { "app.kubernetes.io/name": "gateway" } },
    spec: { nodeName: "east-1", containers: [{ name: "gateway", image: "none" }] },
  });
  const conditions = [{ type: "Ready", status: "True" }];
  await kube.patch(
    pods,
    name,
    NETWORK,
    { status: { phase: "Running", podIP: ip, conditions } },
    { subresource: "status" },
  );
  const script = 'mkdir -p /var/run/wireguard && mount -t tmpfs tmpfs /var/run/wireguard && exec "$0" "$@"';
  const child = spawn(
    "nsenter",
    [
      `--net=/run/netns/${ns}`,
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount -t sysfs sysfs /sys && ${script}`,
      process.execPath,
      MAIN,
    ],
    {
      stdio: ["ignore", process.env.LOG_LEVEL ? "inherit" : "ignore", "inherit"],
      env: {
        ...process.env,
        KUBECONFIG: kubeconfig,
        BUS_URL: nats.url,
        TIDEWAY_NAMESPACE: NETWORK,
        POD_NAME: name,
        POD_IP: ip,
        NODE_NAME: "east-1",
        NODE_IP: "172.31.0.1",
        GATEWAY_WIREGUARD_GO: wireguardGo,
        METRICS_PORT: "8080",
        HEALTH_PORT: "8081",
      },
    },
  );
  children.push(child);
  const answers = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
    return spaces.run(ns, "curl", "-sf", "http://127.0.0.1:8081/readyz") !== "";
  };
  await until(answers, {
    what: `${name} to be ready`,
  });
  return { name, ip, ns, child };
};

/** The gateway may do what deploy/base/gateway lets it, and no more. */
const account = async (): Promise<string> => {
  await api.kubectl(
    "-n",
    NETWORK,
    "apply",
    "-f",
    `${MANIFESTS}/serviceaccount.yaml`,
    "-f",
    `${MANIFESTS}/rbac.yaml`,
  );
  const token = (await api.kubectl("-n", NETWORK, "create", "token", "gateway")).trim();
  const file = join(dir, "kubeconfig");
  const ca = readFileSync(api.caFile).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "gateway",
    clusters: [{ name: "gateway", cluster: { server: api.url, "certificate-authority-data": ca } }],
    users: [{ name: "gateway", user: { token } }],
    contexts: [{ name: "gateway", context: { cluster: "gateway", user: "gateway" } }],
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
};

const network: FactInput<"network"> = {
  clusterId: id,
  name: "west",
  state: "READY",
  localPodCidr: "10.200.0.0/16",
  localPodSeenCidr: "10.71.0.0/16",
  localExternalCidr: "10.201.0.0/16",
  localExternalSeenCidr: "10.72.0.0/16",
  remotePodCidr: "10.200.0.0/16",
  remotePodSeenCidr: "10.61.0.0/16",
  remoteExternalCidr: "10.201.0.0/16",
  remoteExternalSeenCidr: "10.62.0.0/16",
  generations: ["1"],
  remoteKeys: { 1: theirs.publicKey },
  remoteEndpoints: { 1: "192.0.2.7:31820" },
  listenPort: 51820,
  secretName: "tunnel-west",
  mtu: 1400,
  consumer: true,
};
const sliceAddress = async (): Promise<string | undefined> =>
  (await kube.find(endpointSlices, "tunnel-west", NETWORK))?.endpoints?.[0]?.addresses[0];
const interfaces = (r: Replica): string => spaces.run(r.ns, "ip", "-br", "link");

let replicas: Replica[];
beforeAll(async () => {
  spaces = createNamespaces();
  [api, nats] = await Promise.all([startApiServer({ name: "gateway" }), startNats()]);
  kube = createKube(loadCredentials({ KUBECONFIG: api.kubeconfig }), { userAgent: "gateway-test" });
  await kube.create(namespaces, { metadata: { name: NETWORK } });
  await kube.create(nodes, {
    metadata: { name: "east-1" },
    spec: { podCIDRs: ["10.200.0.0/24"], podCIDR: "10.200.0.0/24" },
  });
  const addresses = [{ type: "InternalIP", address: "172.31.0.1" }];
  await kube.patch(nodes, "east-1", undefined, { status: { addresses } }, { subresource: "status" });
  kubeconfig = await account();
  bus = await connectBus({ url: nats.url, service: "test", clusterID: "test", log: silentLogger });
  tunnels = await bus.facts("tunnel");
  const wireguardGo = await binaries.wireguardGo();
  replicas = await Promise.all([
    startReplica("gateway-a", "10.200.0.2", wireguardGo),
    startReplica("gateway-b", "10.200.0.3", wireguardGo),
  ]);
});
afterAll(async () => {
  for (const { child } of replicas ?? []) {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    if (child.kill("SIGKILL")) await gone;
  }
  for (const child of children) child.kill("SIGKILL");
  await bus?.close();
  await kube?.close();
  await Promise.all([api?.stop(), nats?.stop()]);
  spaces.removeAll();
  rmSync(dir, { recursive: true, force: true });
});

describe("two replicas of the gateway", () => {
  const carrier = (): Replica => {
    const said = tunnels.get(id)?.data;
    const found = replicas.find((r) => r.name === said?.gateway);
    if (!found) throw new Error(`no replica is ${said?.gateway}`);
    return found;
  };

  it("one of them builds the tunnel, and leads its port there", async () => {
    const data = { 1: Buffer.from(mine.privateKey).toString("base64") };
    await kube.create(secrets, { metadata: { name: "tunnel-west", namespace: NETWORK }, data });
    const unknown = { generations: [], remoteKeys: {}, remoteEndpoints: {} };
    await bus.publish("network", { peer: id }, { ...network, ...unknown, state: "PENDING" });
    await until(async () => replicas.some((r) => interfaces(r).includes(interfaceOf(id, 1))), {
      what: "the interface, before the peer's key is known",
    });
    await until(async () => (await sliceAddress()) !== undefined, {
      what: "the slice, before the peer's key is known",
    });
    expect(tunnels.get(id)).toBeUndefined();
    await bus.publish("network", { peer: id }, network);
    await until(async () => tunnels.get(id)?.data.state === "CONNECTING", {
      what: "the tunnel's fact",
    });
    await until(async () => (await sliceAddress()) === carrier().ip, { what: "the slice" });
    const { ip } = carrier();
    const said = tunnels.get(id)?.data;
    expect(said).toMatchObject({
      gatewayIp: ip,
      gatewayNode: "east-1",
      interface: interfaceOf(id, 1),
      prefixes: ["10.61.0.0/16", "10.62.0.0/16"],
      mtu: 1400,
      reason: "NoHandshake",
    });
    expect(said?.message).toMatch(/no answer from UDP 192\.0\.2\.7:31820, last handshake never/);
    await until(
      async () => replicas.every((r) => interfaces(r).includes(interfaceOf(id, 1)) === (r === carrier())),
      { what: "the interface at its carrier alone" },
    );
  });

  it("the other one takes over when the pod is gone", async () => {
    const before = carrier();
    await kube.delete(pods, before.name, NETWORK, { gracePeriodSeconds: 0 });
    const other = replicas.find((r) => r !== before);
    await until(async () => (await sliceAddress()) === other?.ip, {
      what: "the slice moved",
    });
    await until(async () => carrier() === other, { what: "the fact moved" });
    await until(async () => !interfaces(before).includes(interfaceOf(id, 1)), {
      what: "the old tunnel gone",
    });
  });

  it("what is over leaves nothing behind", async () => {
    const last = carrier();
    await bus.publish("network", { peer: id }, { ...network, state: "GONE" });
    await until(async () => tunnels.get(id)?.data.state === "GONE", {
      what: "the tunnel's end",
    });
    await until(async () => (await sliceAddress()) === undefined, {
      what: "the slice gone",
    });
    await until(async () => !interfaces(last).includes("tw-"), {
      what: "the interface gone",
    });
  });

  it("ends when it is told to", async () => {
    const [first] = replicas;
    const code = new Promise((resolve) => first?.child.once("exit", resolve));
    first?.child.kill("SIGTERM");
    expect(await code).toBe(0);
  });
});

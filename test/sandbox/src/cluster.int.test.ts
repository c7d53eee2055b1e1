import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";
import { stopDaemon } from "./daemon.ts";
import { stopSandbox } from "./down.ts";
import { WORKLOAD_IMAGE } from "./images/system.ts";
import { clusterPlace, placeOf } from "./layout.ts";
import { cgroupMounts } from "./node.ts";
import { until } from "./wait.ts";

const dir = mkdtempSync(join(tmpdir(), "tideway-sandbox-"));
const place = placeOf({ dir });
let east: Cluster;
let west: Cluster;

const SERVER = `require("http").createServer((q,s)=>s.end(require("os").hostname())).listen(8080)`;

beforeAll(async () => {
  [east, west] = await Promise.all([
    startCluster({ dir, name: "east", nodes: 2, kwokNodes: 2 }),
    startCluster({ dir, name: "west" }),
  ]);
  await east.kubectl("create", "deployment", "client", `--image=${WORKLOAD_IMAGE}`);
  await west.kubectl(
    "create",
    "deployment",
    "web",
    `--image=${WORKLOAD_IMAGE}`,
    "--replicas=2",
    "--",
    "node",
    "-e",
    SERVER,
  );
  await west.kubectl("expose", "deployment", "web", "--port=80", "--target-port=8080", "--type=NodePort");
  await east.kubectl("rollout", "status", "deployment/client", "--timeout=60s");
  await west.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
}, 600_000);

afterAll(async () => {
  await stopSandbox(place);
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

const fetchFrom = (cluster: Cluster, pod: string, url: string): Promise<string> =>
  cluster.kubectl("exec", pod, "--", "curl", "-sSk", "--max-time", "2", url);

/** What has just been made is known to every proxy a moment later. */
const answerTo = (...ask: Parameters<typeof fetchFrom>): Promise<string> =>
  until(() => fetchFrom(...ask), { what: `an answer of ${ask[2]}` });

describe("two clusters", () => {
  it("have real nodes that are Ready and simulated ones that only those get who ask", async () => {
    const ready = async (): Promise<number> =>
      (await east.kubectl("get", "nodes", "--no-headers")).split("\n").filter((l) => / Ready /.test(l))
        .length;
    await until(async () => (await ready()) === 4, { what: "four nodes Ready" });
    const taints = await east.kubectl(
      "get",
      "nodes",
      "-l",
      "type=kwok",
      "-o",
      "jsonpath={.items[*].spec.taints[*].key}",
    );
    expect(taints).toContain("kwok.x-k8s.io/node");
  });

  it("resolve a service by its name and reach it", async () => {
    await expect(answerTo(west, "deploy/web", "http://web.default.svc.cluster.local")).resolves.toMatch(
      /^web-/,
    );
    await expect(answerTo(west, "deploy/web", "https://kubernetes/version")).resolves.toContain("gitVersion");
  });

  it("reach each other's API server and NodePorts from pods", async () => {
    const port = await west.kubectl("get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}");
    await expect(answerTo(east, "deploy/client", `${west.apiServer}/version`)).resolves.toContain(
      "gitVersion",
    );
    await expect(answerTo(east, "deploy/client", `http://${west.nodeAddress}:${port}`)).resolves.toMatch(
      /^web-/,
    );
  });

  it("route between the pods of different nodes without hiding the source", async () => {
    for (const [i, node] of east.nodes.entries()) {
      const overrides = JSON.stringify({ spec: { nodeName: node, terminationGracePeriodSeconds: 1 } });
      const show = `require("http").createServer((q,s)=>s.end(q.socket.remoteAddress)).listen(8080)`;
      await east.kubectl(
        "run",
        `on${i}`,
        `--image=${WORKLOAD_IMAGE}`,
        `--overrides=${overrides}`,
        "--command",
        "--",
        "node",
        "-e",
        show,
      );
    }
    await east.kubectl("wait", "pod/on0", "pod/on1", "--for=condition=Ready", "--timeout=60s");
    const ip = (pod: string): Promise<string> =>
      east.kubectl("get", "pod", pod, "-o", "jsonpath={.status.podIP}");
    const seen = await until(async () => fetchFrom(east, "on0", `http://${await ip("on1")}:8080`), {
      what: "an answer",
    });
    expect(seen).toContain(await ip("on0"));
  });

  it("are apart during a partition, and together again when it heals", async () => {
    await east.partitionFrom(west);
    await expect(fetchFrom(east, "deploy/client", `${west.apiServer}/version`)).rejects.toThrow();
    await east.heal();
    await expect(answerTo(east, "deploy/client", `${west.apiServer}/version`)).resolves.toContain(
      "gitVersion",
    );
  });

  it("carry on after the API server was killed, pods untouched", async () => {
    const uid = (): Promise<string> =>
      east.kubectl("get", "pods", "-l", "app=client", "-o", "jsonpath={.items[*].metadata.uid}");
    const before = await uid();
    await east.killApiServer();
    await expect(east.kubectl("get", "nodes")).rejects.toThrow();
    await east.startApiServer();
    await expect(uid()).resolves.toBe(before);
  });

  it("are repaired by a second start when a part has died", async () => {
    const { pids } = clusterPlace(place, "west");
    await stopDaemon({ name: "west-0.kubelet", pidDir: pids }, { signal: "SIGKILL" });
    await stopDaemon({ name: "etcd", pidDir: pids }, { signal: "SIGKILL" });
    await startCluster({ dir, name: "west" });
    await until(async () => (await fetchFrom(west, "deploy/web", "http://web")).startsWith("web-"), {
      what: "the service",
    });
  });

  it("leave nothing behind", async () => {
    await stopSandbox(place);
    await stopSandbox(place);
    const ours = (list: string[]): string[] => list.filter((n) => n.includes(place.id));
    expect(ours(readdirSync("/run/netns"))).toEqual([]);
    expect(ours(readdirSync("/sys/class/net"))).toEqual([]);
    for (const mount of cgroupMounts()) expect(ours(readdirSync(mount))).toEqual([]);
    expect(execFileSync("mount").toString()).not.toContain(place.id);
    expect(execFileSync("ps", ["-eo", "args"]).toString()).not.toContain(`/${place.id}/`);
    expect(existsSync(place.run) || existsSync(place.data)).toBe(false);
  }, 60_000);
});

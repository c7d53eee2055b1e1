import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";
import { stopSandbox } from "./down.ts";
import { appImage, loadAppImages } from "./images/app.ts";
import { BASE_IMAGE } from "./images/system.ts";
import { placeOf } from "./layout.ts";
import { inNetns } from "./network.ts";
import { run } from "./run.ts";
import { until } from "./wait.ts";

const dir = mkdtempSync(join(tmpdir(), "tideway-nodes-"));
const place = placeOf({ dir });
let east: Cluster;

beforeAll(async () => {
  east = await startCluster({ dir, name: "east", nodes: 2, cni: "flannel" });
  await loadAppImages(east, ["net-tools"]);
  for (const node of east.nodes) await tools(node);
}, 600_000);

afterAll(async () => {
  await stopSandbox(place);
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

async function create(name: string, spec: object): Promise<void> {
  const file = join(dir, `${name}.json`);
  const metadata = { name };
  writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata, spec }));
  await east.kubectl("create", "-f", file);
  await east.kubectl("wait", `pod/${name}`, "--for=condition=Ready", "--timeout=60s");
}

/** A pod of the node's name, with what looks at networks. */
const tools = (node: string): Promise<void> =>
  create(node, {
    nodeName: node,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "tools", image: appImage("net-tools"), imagePullPolicy: "Never" }],
  });

const ipOf = (pod: string): Promise<string> =>
  east.kubectl("get", "pod", pod, "-o", "jsonpath={.status.podIP}");

const reaches = (from: string, to: string, size = 56): Promise<boolean> =>
  until(
    async () => {
      const ping = ["ping", "-c1", "-W1", "-s", String(size), await ipOf(to)];
      return (await east.kubectl("exec", from, "--", ...ping)).includes(" 0% packet loss");
    },
    { what: `a ping from ${from} to ${to}` },
  );

describe("a cluster with flannel", () => {
  it("carries pods' packets in flannel's tunnel, without a route between the nodes", async () => {
    await expect(reaches("east-0", "east-1", 4000)).resolves.toBe(true);
    const routes = await run(...inNetns(`${place.id}-east-0`, "ip", ["route", "show", "10.200.1.0/24"]));
    expect(routes).toMatch(/dev flannel\.1 onlink/);
  });

  it("keeps its network when it is started again, and has no other", async () => {
    await startCluster({ dir, name: "east" });
    await expect(startCluster({ dir, name: "east", cni: "bridge" })).rejects.toThrow(/take it down first/);
  });

  it("lets a pod with NET_ADMIN alone run WireGuard, VXLAN and nftables", async () => {
    const script = [
      "wireguard-go -f tw0 2>/dev/null & until wg show tw0; do sleep 0.1; done",
      "ip link add tideway type vxlan id 6091 dstport 6091 nolearning",
      "nft add table ip tideway",
      "[ $(cat /proc/sys/net/ipv4/ip_forward) = 1 ]",
      "touch /run/wireguard/done; sleep 3600",
    ];
    await create("gateway", {
      terminationGracePeriodSeconds: 1,
      initContainers: [
        {
          name: "sysctl",
          image: BASE_IMAGE,
          command: ["sh", "-ec", "echo 1 > /proc/sys/net/ipv4/ip_forward"],
          securityContext: { privileged: true },
        },
      ],
      containers: [
        {
          name: "gateway",
          image: BASE_IMAGE,
          command: ["sh", "-ec", script.join("\n")],
          readinessProbe: { exec: { command: ["test", "-e", "/run/wireguard/done"] }, periodSeconds: 1 },
          securityContext: {
            readOnlyRootFilesystem: true,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"], add: ["NET_ADMIN"] },
          },
          volumeMounts: [
            { name: "tun", mountPath: "/dev/net/tun" },
            { name: "run", mountPath: "/run/wireguard" },
          ],
        },
      ],
      volumes: [
        { name: "tun", hostPath: { path: "/dev/net/tun", type: "CharDevice" } },
        { name: "run", emptyDir: {} },
      ],
    });
  });
});

describe("a cluster that runs", () => {
  it("takes in a node that has the images of the first and reaches every pod", async () => {
    await expect(east.addNode()).resolves.toBe("east-2");
    expect(east.nodes).toEqual(["east-0", "east-1", "east-2"]);
    await tools("east-2");
    await expect(reaches("east-2", "east-1")).resolves.toBe(true);
    await expect(reaches("east-0", "east-2")).resolves.toBe(true);
  });

  it("gets back a node that lost its power", async () => {
    const ip = await ipOf("east-2");
    await east.killNode("east-2");
    await expect(east.kubectl("exec", "east-0", "--", "ping", "-c1", "-W1", ip)).rejects.toThrow();
    await east.startNode("east-2");
    await expect(reaches("east-0", "east-2")).resolves.toBe(true);
  });

  it("lets a node go with all that was on it, and fills its place with the next", async () => {
    await east.removeNode("east-1");
    expect(east.nodes).toEqual(["east-0", "east-2"]);
    const left = await east.kubectl("get", "nodes,pods", "-A", "-o", "name");
    expect(left).not.toMatch(/east-1/);
    await expect(reaches("east-0", "east-2")).resolves.toBe(true);
    await expect(east.removeNode("east-0")).rejects.toThrow(/control plane/);
    await expect(east.addNode()).resolves.toBe("east-1");
    await tools("east-1");
    await expect(reaches("east-1", "east-2")).resolves.toBe(true);
  });
});

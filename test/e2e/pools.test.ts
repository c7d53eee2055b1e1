import { sharingPolicies } from "@tideway/api";
import { tideway } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PeerStatus } from "../../cli/src/status/model.ts";
import {
  apply,
  dropNamespace,
  east,
  isTrue,
  nodeOf,
  offloadedNamespace,
  phaseIs,
  podOf,
  type Side,
  shell,
  STAY,
  west,
} from "./world.ts";

const NS = "pools";
const peerOf = async (side: Side, name: string): Promise<PeerStatus> =>
  JSON.parse(await tideway(side.cluster, "status", name, "-o", "json"));

describe("a provider of two nodes, one of them in a pool", () => {
  beforeAll(() => offloadedNamespace(NS));
  afterAll(() => dropNamespace(NS));

  it("shows a node pool as a node of its own, whose pods run on the nodes of the pool", async () => {
    const POOL = "e2e.tideway.test/pool";
    const node = west.cluster.nodes.at(-1) ?? "";
    await west.cluster.kubectl("label", "node", node, `${POOL}=fast`);
    const pools = [
      { name: "fast", nodeSelector: { [POOL]: "fast" }, labels: { "e2e.example/speed": "high" } },
    ];
    const perPeer = { cpu: 1, memory: "256Mi", pods: 5 };
    await west.kube.patch(sharingPolicies, "default", undefined, {
      spec: { pools: pools.map((p) => ({ ...p, perPeer })) },
    });
    try {
      const ready = async () =>
        isTrue((await nodeOf("west-fast"))?.status?.conditions, "Ready") && nodeOf("west-fast");
      const fast = await until(ready, { what: "the node of the pool" });
      expect(fast?.metadata.labels).toMatchObject({
        "e2e.example/speed": "high",
        "tideway.dev/pool": "fast",
      });
      const container = shell(STAY, { resources: { requests: { cpu: "50m", memory: "16Mi" } } });
      await apply(east.cluster, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "fast", namespace: NS },
        spec: {
          terminationGracePeriodSeconds: 1,
          nodeSelector: { "e2e.example/speed": "high" },
          containers: [container],
        },
      });
      const pod = await phaseIs(east, NS, "fast", "Running");
      expect(pod.spec?.nodeName).toBe("west-fast");
      expect((await podOf(west, `tideway-east--${NS}`, "fast"))?.spec?.nodeName).toBe(node);
      expect(await east.cluster.kubectl("-n", NS, "exec", "fast", "--", "echo", "here")).toBe("here\n");
      expect((await peerOf(east, "west")).nodes).toMatchObject([
        { name: "west", pool: "", ready: "True", borrowed: { pods: 0 } },
        { name: "west-fast", pool: "fast", ready: "True", borrowed: { pods: 1, used: { cpu: "0.05" } } },
      ]);
      const tenants = JSON.parse(await tideway(west.cluster, "tenants", "-o", "json")) as {
        offer: string;
        used: Record<string, string>;
      }[];
      expect(tenants.find((t) => t.offer === "offer-fast")?.used).toMatchObject({ pods: "1" });
      await east.cluster.kubectl("-n", NS, "delete", "pod", "fast");
    } finally {
      await west.kube.patch(sharingPolicies, "default", undefined, { spec: { pools: null } });
      await west.cluster.kubectl("label", "node", node, `${POOL}-`);
    }
    const gone = async () => (await nodeOf("west-fast")) === undefined;
    await until(gone, { what: "the node gone with its offer" });
    const names = async () => (await peerOf(east, "west")).nodes.map((n) => n.name).join();
    await until(async () => (await names()) === "west", { what: "one node left" });
  });
});

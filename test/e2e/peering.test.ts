import { beforeAll, describe, expect, it } from "vitest";
import { until } from "@tideway/sandbox";
import { type ForeignCluster, foreignClusters, resourceRequests, sharingPolicies } from "@tideway/api";
import { difference, snapshot, tideway } from "@tideway/platform";
import {
  apply,
  dropNamespace,
  east,
  ensurePeered,
  ensureUnpeered,
  isTrue,
  nodeOf,
  nodeReady,
  offloadedNamespace,
  phaseIs,
  shell,
  STAY,
  west,
} from "./world.ts";

const condition = (
  fc: ForeignCluster | undefined,
  type: string,
): { status: string; reason: string; message: string } | undefined =>
  fc?.status?.conditions?.find((c) => c.type === type);

/** Token secrets and the ForeignCluster itself are what `tideway peer` made; `unpeer` takes them away too. */
const peerOnce = async (invitation: string): Promise<void> => {
  await tideway(east.cluster, "peer", invitation, "--wait", "--timeout", "60s");
};

describe("peering", () => {
  beforeAll(ensureUnpeered);

  it("peers, unpeers and peers again 20 times, and leaves nothing behind on either side", async () => {
    const invitation = (await tideway(west.cluster, "invite", "--standing")).trim().split("\n").at(-1)!;
    const before = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
    for (let round = 1; round <= 20; round++) {
      await peerOnce(invitation);
      await until(nodeReady, { what: `round ${round}: node Ready` });
      await tideway(east.cluster, "unpeer", "west", "--wait", "--timeout", "60s");
      const clean = await until(
        async () => {
          const after = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
          const left = after.flatMap((a, i) => difference(before[i]!, a).left);
          return left.length === 0 ? "clean" : undefined;
        },
        {
          what: `nothing left after round ${round}`,
          explain: async () => {
            const after = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
            return after
              .map((a, i) => `${i === 0 ? "east" : "west"}: ${difference(before[i]!, a).left.join(", ")}`)
              .join("\n");
          },
        },
      );
      expect(clean).toBe("clean");
    }
    const after = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
    for (const [i, a] of after.entries()) expect(difference(before[i]!, a).lost).toEqual([]);
  }, 600_000);

  it("leaves nothing behind after pods ran, either", async () => {
    const before = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
    await offloadedNamespace("passing");
    await apply(east.cluster, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "passing" },
      spec: { terminationGracePeriodSeconds: 1, containers: [shell(STAY)] },
    });
    await phaseIs(east, "passing", "p", "Running");
    await tideway(east.cluster, "unpeer", "west", "--wait", "--timeout", "60s");
    await dropNamespace("passing");
    await until(
      async () => {
        const after = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
        return after.every((a, i) => difference(before[i]!, a).left.length === 0);
      },
      {
        what: "nothing left",
        explain: async () => {
          const after = await Promise.all([snapshot(east.cluster), snapshot(west.cluster)]);
          return after.map((a, i) => difference(before[i]!, a).left.join(", ")).join("\n");
        },
      },
    );
  });

  it("takes an invitation once only", async () => {
    const invitation = (await tideway(west.cluster, "invite")).trim().split("\n").at(-1)!;
    await peerOnce(invitation);
    await ensureUnpeered();
    await expect(tideway(east.cluster, "peer", invitation, "--wait", "--timeout", "10s")).rejects.toThrow();
    const denied = await until(
      async () => {
        const c = condition(await east.kube.find(foreignClusters, "west"), "Authenticated");
        return c && /used/i.test(c.message) ? c : undefined;
      },
      { what: "the denial as a condition" },
    );
    expect(denied.status).toBe("False");
    await ensureUnpeered();
  });

  it("ends a refused request in a condition on both sides that names the rule and the reason", async () => {
    const policy = await west.kube.get(sharingPolicies, "default");
    await west.kube.patch(sharingPolicies, "default", undefined, {
      spec: {
        rules: [{ name: "no-east", peers: ["east"], action: "refuse", reason: "maintenance until Monday" }],
      },
    });
    try {
      const invitation = (await tideway(west.cluster, "invite")).trim().split("\n").at(-1)!;
      await expect(tideway(east.cluster, "peer", invitation, "--wait", "--timeout", "20s")).rejects.toThrow();
      for (const [side, name] of [
        [east, "west"],
        [west, "east"],
      ] as const) {
        const c = await until(
          async () => {
            const seen = condition(await side.kube.find(foreignClusters, name), "Negotiated");
            return seen?.status === "False" && seen.message.includes("no-east") ? seen : undefined;
          },
          {
            what: `the refusal on ${name}'s peer`,
            explain: async () => JSON.stringify(await side.kube.find(foreignClusters, name)),
          },
        );
        expect(c.message).toContain("maintenance until Monday");
      }
      expect(await nodeOf()).toBeUndefined();
    } finally {
      await west.kube.patch(sharingPolicies, "default", undefined, {
        spec: { rules: policy.spec.rules ?? null },
      });
      await ensureUnpeered();
    }
  });

  it("waits for a person where the policy says ask, and goes on when they agree", async () => {
    await west.kube.patch(sharingPolicies, "default", undefined, {
      spec: { rules: [{ name: "ask-first", peers: ["*"], action: "ask" }] },
    });
    try {
      const invitation = (await tideway(west.cluster, "invite")).trim().split("\n").at(-1)!;
      await tideway(east.cluster, "peer", invitation);
      await until(
        async () =>
          (await west.kube.find(resourceRequests, "request", "tideway-tenant-east"))?.status?.decision ===
          "Pending",
        { what: "a pending request on west" },
      );
      expect(await nodeOf()).toBeUndefined();
      await west.cluster.kubectl(
        "-n",
        "tideway-tenant-east",
        "annotate",
        "resourcerequest",
        "request",
        "sharing.tideway.dev/approve=yes",
      );
      await until(nodeReady, { what: "virtual node Ready after the approval" });
    } finally {
      await west.kube.patch(sharingPolicies, "default", undefined, { spec: { rules: null } });
      await ensureUnpeered();
    }
  });

  it("ends an unpeer within its deadline while the peer's API server is down, and the peer cleans up when it returns", async () => {
    await ensureUnpeered();
    const before = await snapshot(west.cluster);
    await ensurePeered();
    await east.kube.patch(foreignClusters, "west", undefined, { spec: { unpeerTimeoutSeconds: 5 } });
    await west.cluster.killApiServer();
    try {
      const startedAt = performance.now();
      await tideway(east.cluster, "unpeer", "west", "--wait", "--timeout", "60s");
      expect(performance.now() - startedAt).toBeLessThan(30_000);
      expect(await nodeOf()).toBeUndefined();
      expect(await east.kube.find(foreignClusters, "west")).toBeUndefined();
    } finally {
      await west.cluster.startApiServer();
    }
    await until(async () => difference(before, await snapshot(west.cluster)).left.length === 0, {
      what: "west clean again",
      timeoutMs: 90_000,
      explain: async () => difference(before, await snapshot(west.cluster)).left.join(", "),
    });
  });

  it("keeps a False condition explained", async () => {
    await ensurePeered();
    const fc = await east.kube.get(foreignClusters, "west");
    for (const type of ["Reachable", "Authenticated", "Negotiated", "Replicated", "Virtualised", "Ready"])
      await until(
        async () => isTrue((await east.kube.get(foreignClusters, "west")).status?.conditions, type),
        {
          what: `condition ${type} True`,
          explain: () => JSON.stringify(fc.status),
        },
      );
  });
});

import { ownerOf } from "@tideway/controller";
import { clusterRoleBindings, leases } from "@tideway/k8s";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Replica, request, resourceRequests, startWorld, type World } from "./world.ts";

/** Each with an identity, a namespace on both sides and three watches. */
const PEERS = 200;
const NAMES = ["replicator-a", "replicator-b", "replicator-c"];

interface Peer {
  id: string;
  name: string;
  local: string;
  remote: string;
}
const peers: Peer[] = Array.from({ length: PEERS }, (_, i) => ({
  id: `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
  name: `p${i}`,
  local: `tideway-peer-p${i}`,
  remote: `tideway-tenant-r${i}`,
}));

let w: World;
const replicas = new Map<string, Replica>();
const inBatches = async <T>(things: readonly T[], fn: (t: T) => Promise<unknown>): Promise<void> => {
  for (let i = 0; i < things.length; i += 20) await Promise.all(things.slice(i, i + 20).map(fn));
};
const copies = async (): Promise<Set<string>> =>
  new Set((await w.there.list(resourceRequests)).map((r) => r.metadata.namespace ?? ""));
const shareOf = (name: string, members: string[]): Peer[] =>
  peers.filter((p) => ownerOf(p.id, members) === name);
const arrived = (share: Peer[], what: string): Promise<unknown> =>
  until(
    async () => {
      const there = await copies();
      return share.every((p) => there.has(p.remote));
    },
    {
      what,
      everyMs: 100,
      explain: () => [...replicas.values()].map((r) => r.log().slice(-800)).join("\n---\n"),
    },
  );
const ask = (share: Peer[]): Promise<void> =>
  inBatches(share, (p) => w.here.apply(resourceRequests, request(w, p.local), { fieldManager: "test" }));

beforeAll(async () => {
  w = await startWorld();
  await w.there.apply(
    clusterRoleBindings,
    {
      metadata: { name: "test" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "tideway-peer" },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: `tideway:${w.eastID}` }],
    },
    { fieldManager: "test" },
  );
  await inBatches(peers, (p) => w.tenant(p));
  for (const name of NAMES) replicas.set(name, w.replica(name, { NODE_OPTIONS: "--max-semi-space-size=2" }));
  await until(
    async () => (await w.here.list(leases, { namespace: "tideway-system" })).length === NAMES.length,
    { what: "three leases" },
  );
  await inBatches(peers, (p) =>
    w.grant({ clusterId: p.id, name: p.name, localNamespace: p.local, remoteNamespace: p.remote }),
  );
}, 180_000);
afterAll(() => w.stop());

test("every peer is served, and the shares are about even", async () => {
  const some = NAMES.flatMap((n) => shareOf(n, NAMES).slice(0, 10));
  await ask(some);
  await arrived(some, "copies of all shares");
  await until(
    async () => {
      const counts = await Promise.all([...replicas.values()].map(peersOf));
      return counts.reduce((a, b) => a + b) === PEERS && counts.every((c) => c > PEERS / 5);
    },
    { what: "all peers divided over three replicas", everyMs: 200 },
  );
});

const peersOf = async (r: Replica): Promise<number> =>
  [...(await r.metrics()).matchAll(/^tideway_replication_peers\{.*\} (\d+)$/gm)].reduce(
    (sum, m) => sum + Number(m[1]),
    0,
  );

test("the share of a replica that dies moves within 10 s", async () => {
  const share = shareOf("replicator-c", NAMES);
  await replicas.get("replicator-c")!.kill();
  const diedAt = performance.now();
  await ask(share);
  await arrived(share, "copies of the lost share");
  expect(performance.now() - diedAt).toBeLessThan(10_000);
});

test("the share of a replica that leaves moves at once", async () => {
  const left = ["replicator-a", "replicator-b"];
  const share = shareOf("replicator-b", left).filter((p) => ownerOf(p.id, NAMES) === "replicator-b");
  expect(await replicas.get("replicator-b")!.stop()).toBe(0);
  const leftAt = performance.now();
  await ask(share);
  await arrived(share, "copies of the share given up");
  expect(performance.now() - leftAt).toBeLessThan(10_000); // its lease is deleted: the rest is connecting anew
});

test("a replica that is added takes its share", async () => {
  replicas.set("replicator-d", w.replica("replicator-d"));
  const share = shareOf("replicator-d", ["replicator-a", "replicator-d"]);
  await until(async () => (await peersOf(replicas.get("replicator-d")!)) === share.length, {
    what: "the new share",
    everyMs: 200,
  });
  await until(async () => (await peersOf(replicas.get("replicator-a")!)) === PEERS - share.length, {
    what: "the rest",
    everyMs: 200,
  });
});

/** What a peer may try with what it announces: each is refused or led elsewhere with a reason, and the others keep all they have. */
import { addressPools, type NetworkConfigSpec } from "@tideway/api";
import { overlaps } from "@tideway/net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  addNode,
  addPeer,
  bringConfig,
  conditionOf,
  configOf,
  eventually,
  factOf,
  keyNumber,
  type Peer,
  startWorld,
  tunnelOf,
  type World,
} from "./world.ts";

const GOOD_PODS = "10.55.0.0/16";
const GOOD_EXTERNAL = "10.130.16.0/20";
let w: World;
let good: Peer;
let kept: unknown;
let n = 20;

/** All that a peer has and is told here. */
const belongings = async (p: Peer) => {
  const config = await configOf(w, p);
  const pool = await w.kube.get(addressPools, "default");
  return {
    spec: config?.spec,
    tunnel: (await tunnelOf(w, p))?.spec,
    fact: factOf(w, p)?.data,
    written: config?.metadata.resourceVersion,
    allocations: pool.status?.allocations?.filter((a) => a.owner.includes(p.id)),
  };
};

beforeAll(async () => {
  w = await startWorld();
  good = await addPeer(w, "good", "incoming");
  const first = { podCIDR: GOOD_PODS, keys: [{ generation: 1, publicKey: keyNumber(9) }] };
  await bringConfig(w, good, first);
  const { spec } = await eventually("our answer", () => configOf(w, good));
  const mapping = { podCIDR: "10.99.0.0/16", externalCIDR: spec.externalCIDR };
  await bringConfig(w, good, { ...first, mapping });
  await eventually(
    "ready",
    () => factOf(w, good),
    (f) => f.data.state === "READY",
  );
  await eventually(
    "its tunnel",
    () => tunnelOf(w, good),
    (t) => t.spec.local.seenPodCIDR !== undefined,
  );
  kept = await belongings(good);
});
afterAll(() => w?.stop());
afterEach(async () => {
  expect(await belongings(good)).toEqual(kept);
  expect(kept).toMatchObject({ fact: { state: "READY", remotePodSeenCidr: GOOD_PODS } });
});

const fresh = async (over: Partial<NetworkConfigSpec> & { name?: string }): Promise<Peer> => {
  const peer = await addPeer(w, `p${++n}`, "incoming");
  const externalCIDR = `10.1${n}.0.0/20`;
  await bringConfig(w, peer, { externalCIDR, keys: [{ generation: 1, publicKey: keyNumber(n) }], ...over });
  return peer;
};
const refused = async (p: Peer, reason: string, words: RegExp): Promise<void> => {
  const fact = await eventually(
    `refused: ${reason}`,
    () => factOf(w, p),
    (f) => f.data.state === "REFUSED" && f.data.reason === reason,
  );
  expect(fact.data).toMatchObject({ remotePodSeenCidr: "", generations: [] }); // nothing to build a tunnel of
  expect(fact.data.message).toMatch(words);
  const condition = await eventually(
    "the condition",
    () => conditionOf(w, p),
    (c) => c.reason === reason,
  );
  expect(condition).toMatchObject({ status: "False", message: expect.stringMatching(words) as string });
};
const seenAt = async (p: Peer) =>
  (
    await eventually(
      "where it is seen",
      () => configOf(w, p),
      (c) => c.spec.mapping !== undefined,
    )
  ).spec.mapping!;

describe("a peer that announces", () => {
  it.each<[string, Partial<NetworkConfigSpec>, string, RegExp]>([
    ["everything", { podCIDR: "0.0.0.0/0" }, "NetworkTooLarge", /0\.0\.0\.0\/0 is larger than \/8/],
    ["everything as external", { externalCIDR: "0.0.0.0/0" }, "NetworkTooLarge", /externalCIDR/],
    ["loopback", { podCIDR: "127.0.0.0/16" }, "SpecialNetwork", /loopback/],
    ["IPv6 pods", { podCIDR: "fd00:1::/48" }, "FamilyMismatch", /IPv6, the pods of this cluster have IPv4/],
  ])("%s is refused", async (_, over, reason, words) => {
    await refused(await fresh(over), reason, words);
  });

  it("another's ID does not even get in", async () => {
    await expect(fresh({ clusterID: good.id })).rejects.toThrow("metadata.name must be spec.clusterID");
  });

  it("parameters under another's name is refused", async () => {
    await refused(await fresh({ name: good.id, clusterID: good.id }), "NotThisPeer", /which it is not/);
  });

  it("another's networks is seen elsewhere", async () => {
    const { podCIDR, externalCIDR } = await seenAt(
      await fresh({ podCIDR: GOOD_PODS, externalCIDR: GOOD_EXTERNAL }),
    );
    for (const own of [podCIDR, externalCIDR])
      for (const theirs of [GOOD_PODS, GOOD_EXTERNAL]) expect(overlaps(own, theirs)).toBe(false);
  });

  it("the nodes' network is seen elsewhere, also when the nodes come later", async () => {
    const first = await seenAt(await fresh({ podCIDR: "192.168.7.0/24" }));
    expect(overlaps(first.podCIDR, "192.168.7.0/24")).toBe(false);
    const later = await fresh({ podCIDR: "192.168.30.0/24" });
    expect((await seenAt(later)).podCIDR).toBe("192.168.30.0/24");
    await addNode(w.kube, "node-30", "192.168.30.5");
    const moved = await eventually(
      "moved",
      () => configOf(w, later),
      (c) => c.spec.mapping?.podCIDR !== "192.168.30.0/24",
    );
    expect(overlaps(moved.spec.mapping!.podCIDR, "192.168.30.0/24")).toBe(false);
    // The new node is one more to call for everybody, and that is all that changes for the good one.
    const now = (await eventually(
      "the new node's address",
      () => belongings(good),
      (b) => b.spec?.keys[0]?.endpoints?.length === 2,
    )) as { spec: NetworkConfigSpec };
    const before = kept as { spec: NetworkConfigSpec };
    expect({ ...now.spec, keys: [] }).toEqual({ ...before.spec, keys: [] });
    expect(now).toMatchObject({ ...(kept as object), spec: {}, written: expect.any(String) as string });
    kept = now;
  });
});

it("a peer for which there is no room is refused, and is served when there is", async () => {
  const large = { podCIDR: "10.0.0.0/9" };
  const late = await fresh(large);
  await refused(late, "PoolExhausted", /no free \/9.*spec\.prefixes of AddressPool default/);
  const pool = await w.kube.get(addressPools, "default");
  await w.kube.patch(addressPools, "default", undefined, {
    spec: { prefixes: [...pool.spec.prefixes, "11.0.0.0/8"] },
  });
  expect((await seenAt(late)).podCIDR).toBe("11.0.0.0/9");
});

it("a cluster with IPv6 pods says at once that nobody is reached, and why", async () => {
  const six = await startWorld({ podCIDR: "fd10::/56" });
  try {
    const peer = await addPeer(six, "west", "outgoing");
    const fact = await eventually(
      "the refusal",
      () => factOf(six, peer),
      (f) => f.data.state === "REFUSED",
    );
    expect(fact.data).toMatchObject({
      reason: "IPv6NotCarried",
      message: expect.stringContaining("IPv4 only") as string,
    });
    await eventually(
      "its condition",
      () => conditionOf(six, peer),
      (c) => c.status === "False" && c.reason === "IPv6NotCarried",
    );
  } finally {
    await six.stop();
  }
});

import { networkConfigs } from "@tideway/api";
import { overlaps } from "@tideway/net";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  addNode,
  addPeer,
  bringConfig,
  conditionOf,
  configOf,
  eventually,
  factOf,
  keyNumber,
  sayIdentity,
  standing,
  startWorld,
  type World,
} from "./world.ts";

let w: World;
beforeAll(async () => {
  w = await startWorld();
});
afterAll(() => w?.stop());

it("answers a peer's parameters with its own, and takes them back when the peer's are gone", async () => {
  const east = await addPeer(w, "east", "incoming");
  await eventually(
    "keys and port in advance",
    () => standing(w, east),
    (o) => o.secret !== undefined && o.service !== undefined,
  );
  const early = await eventually("our parameters, before the peer's", () => configOf(w, east));
  expect(early.spec.mapping).toBeUndefined();
  await bringConfig(w, east, { podCIDR: "10.33.0.0/16" });
  const config = await eventually(
    "our answer",
    () => configOf(w, east),
    (c) => c.spec.mapping !== undefined,
  );
  expect(config.spec.mapping?.podCIDR).toBe("10.33.0.0/16"); // free here: as it is there
  const copy = await eventually(
    "acceptance",
    () => w.kube.get(networkConfigs, east.id, east.namespace),
    (c) => c.status?.conditions?.[0]?.status === "True",
  );
  expect(copy.status?.conditions?.[0]?.reason).toBe("Accepted");
  await eventually(
    "the fact",
    () => factOf(w, east),
    (f) => f.data.state === "PENDING" && f.data.provider,
  );

  await w.kube.delete(networkConfigs, east.id, east.namespace);
  await eventually(
    "taken back",
    () => standing(w, east),
    (o) => o.config === undefined && o.tunnel === undefined,
  );
  await eventually(
    "gone",
    () => factOf(w, east),
    (f) => f.data.state === "GONE",
  );
  await sayIdentity(w, east, "incoming", "GONE");
  await eventually(
    "nothing left",
    () => standing(w, east),
    (o) => Object.values(o).every((v) => v === undefined),
  );
});

it("sees two peers with the same network at two places, and refuses a liar without harm to them", async () => {
  const [first, second] = [await addPeer(w, "first", "incoming"), await addPeer(w, "second", "incoming")];
  await bringConfig(w, first, {
    podCIDR: "10.55.0.0/16",
    keys: [{ generation: 1, publicKey: keyNumber(11) }],
  });
  const one = await eventually(
    "the first",
    () => configOf(w, first),
    (c) => c.spec.mapping !== undefined,
  );
  await bringConfig(w, second, {
    podCIDR: "10.55.0.0/16",
    keys: [{ generation: 1, publicKey: keyNumber(12) }],
  });
  const other = await eventually(
    "the second",
    () => configOf(w, second),
    (c) => c.spec.mapping !== undefined,
  );
  expect(one.spec.mapping?.podCIDR).toBe("10.55.0.0/16");
  expect(overlaps(other.spec.mapping!.podCIDR, "10.55.0.0/16")).toBe(false);

  const liar = await addPeer(w, "liar", "incoming");
  await bringConfig(w, liar, { podCIDR: "0.0.0.0/0" });
  const refused = await eventually(
    "the refusal",
    () => factOf(w, liar),
    (f) => f.data.state === "REFUSED",
  );
  expect(refused.data).toMatchObject({ reason: "NetworkTooLarge", remotePodSeenCidr: "" });
  await eventually(
    "its condition",
    () => conditionOf(w, liar),
    (c) => c.reason === "NetworkTooLarge",
  );
  await bringConfig(w, liar, { podCIDR: "10.60.0.0/16" });
  await eventually(
    "mended",
    () => factOf(w, liar),
    (f) => f.data.state === "PENDING",
  );
  await bringConfig(w, liar, { name: first.id, clusterID: first.id });
  const again = await eventually(
    "refused again",
    () => factOf(w, liar),
    (f) => f.data.state === "REFUSED",
  );
  expect(again.data.reason).toBe("NotThisPeer");
  expect((await configOf(w, first))!.spec.mapping).toEqual(one.spec.mapping);
  expect(factOf(w, first)?.data.state).toBe("PENDING");
});

it("moves a peer out of the way of a new node, and says where the pool is full", async () => {
  const third = await addPeer(w, "third", "incoming");
  const keys = [{ generation: 1, publicKey: keyNumber(13) }];
  await bringConfig(w, third, { podCIDR: "192.168.8.0/24", keys });
  const config = await eventually(
    "its place",
    () => configOf(w, third),
    (c) => c.spec.mapping !== undefined,
  );
  expect(config.spec.mapping!.podCIDR).toBe("192.168.8.0/24");
  await addNode(w.kube, "node-1", "192.168.8.20");
  const moved = await eventually(
    "another place",
    () => configOf(w, third),
    (c) => c.spec.mapping?.podCIDR !== "192.168.8.0/24" && c.spec.keys[0]?.endpoints?.length === 2,
  );
  expect(moved.spec.mapping!.podCIDR).toMatch(/\/24$/);
  await bringConfig(w, third, {
    podCIDR: "10.0.0.0/9",
    keys: [{ generation: 1, publicKey: keyNumber(13) }],
  });
  const full = await eventually(
    "the refusal",
    () => factOf(w, third),
    (f) => f.data.reason === "PoolExhausted",
  );
  expect(full.data.message).toMatch(/no free \/9.*spec\.prefixes of AddressPool default/);
});

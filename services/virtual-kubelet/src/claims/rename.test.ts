import type { ShadowClaim } from "@tideway/api";
import { expect, it } from "vitest";
import { decide, type Wish, type World } from "./decide.ts";

const wish = (o: Partial<Wish> = {}): Wish => ({
  clusterId: "west",
  state: "BOUND",
  namespace: "shop",
  claim: "db",
  volume: "pvc-u2",
  class: "",
  size: "1Gi",
  capacity: "1Gi",
  accessModes: ["ReadWriteOnce"],
  volumeMode: "Filesystem",
  expectData: true,
  deleteData: false,
  regions: [],
  node: "",
  reason: "",
  message: "",
  ...o,
});
const shadow = (name: string, deletionTimestamp?: string): ShadowClaim =>
  ({
    metadata: { name, uid: "s1", ...(deletionTimestamp ? { deletionTimestamp } : {}) },
    spec: { originUID: "u2", originNamespace: "shop", size: "1Gi", accessModes: ["ReadWriteOnce"] },
  }) as unknown as ShadowClaim;
const world = (o: Partial<World> = {}): World => ({
  wish: wish(),
  uid: "u2",
  shadow: undefined,
  nameHeld: false,
  offloaded: true,
  known: true,
  peer: "west",
  ...o,
});

it("a ShadowClaim whose data has another claim now goes, and says nothing of deleting the data", () => {
  const plan = decide(world({ shadow: shadow("tideway-move-1") }));
  expect(plan.effects).toEqual([{ do: "delete", uid: "s1" }]);
  expect(plan.recheckMs).toBeGreaterThan(0);
});
it("is waited for while it goes", () => {
  expect(decide(world({ shadow: shadow("tideway-move-1", "2026-01-01T00:00:00Z") })).effects).toEqual([]);
});
it("comes back under the name of the claim, and takes no other data for its own", () => {
  expect(decide(world()).effects).toMatchObject([
    { do: "create", spec: { originUID: "u2", expectData: true } },
  ]);
});
it("waits while the name is held by the data that was there before", () => {
  expect(decide(world({ nameHeld: true }))).toMatchObject({ effects: [] });
});
it("kept data is known by its new name too", () => {
  expect(decide(world({ wish: wish({ state: "KEPT", claim: "db-before-1" }) })).effects).toMatchObject([
    { do: "create", spec: { expectData: true } },
  ]);
});

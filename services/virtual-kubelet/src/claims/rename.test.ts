import type { ShadowClaim } from "@tideway/api";
import { describe, expect, it } from "vitest";
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
const GOING = "2026-01-01T00:00:00Z";
const shadow = (
  name: string,
  o: { deletionTimestamp?: string; deleteData?: boolean; phase?: string } = {},
): ShadowClaim =>
  ({
    metadata: { name, uid: "s1", ...(o.deletionTimestamp ? { deletionTimestamp: o.deletionTimestamp } : {}) },
    spec: {
      originUID: "u2",
      originNamespace: "shop",
      size: "1Gi",
      accessModes: ["ReadWriteOnce"],
      ...(o.deleteData ? { deleteData: true } : {}),
    },
    ...(o.phase ? { status: { phase: o.phase } } : {}),
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
  expect(decide(world({ shadow: shadow("tideway-move-1") })).effects).toEqual([{ do: "delete", uid: "s1" }]);
  expect(decide(world({ shadow: shadow("tideway-move-1", { deleteData: true }) })).effects).toEqual([
    { do: "patch", uid: "s1", spec: { deleteData: false } },
  ]);
});
it("is waited for while it goes", () => {
  expect(decide(world({ shadow: shadow("tideway-move-1", { deletionTimestamp: GOING }) })).effects).toEqual(
    [],
  );
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

describe("data that goes", () => {
  const end = (o: Partial<World>, expectData = true) =>
    decide(world({ wish: wish({ state: "DELETING", claim: "db-before-1", expectData }), ...o }));

  it("is announced by a ShadowClaim where there is none: it may be between two names", () => {
    expect(end({})).toMatchObject({
      effects: [{ do: "create", spec: { originUID: "u2", expectData: true, deleteData: true } }],
    });
    expect(end({}).answer).toBeUndefined();
    expect(end({ nameHeld: true })).toMatchObject({ effects: [] });
  });
  it("is announced by the one that is there, whatever its name", () => {
    expect(end({ shadow: shadow("db", { phase: "Bound" }) }).effects).toEqual([
      { do: "patch", uid: "s1", spec: { deleteData: true } },
    ]);
  });
  it("is not announced by one that goes: the peer may have let go of it before it heard", () => {
    for (const deleteData of [false, true]) {
      const going = shadow("db", { deletionTimestamp: GOING, phase: "Bound", deleteData });
      expect(end({ shadow: going })).toMatchObject({
        effects: [],
        answer: { state: "PENDING", deleteData: false },
      });
    }
  });
  it("is heard of when the peer has looked at it, and only then is the ShadowClaim deleted", () => {
    const unseen = end({ shadow: shadow("db", { deleteData: true }) });
    expect(unseen).toMatchObject({ effects: [], answer: { state: "PENDING", deleteData: false } });
    const seen = { shadow: shadow("db", { deleteData: true, phase: "Bound" }) };
    expect(end(seen)).toMatchObject({ effects: [], answer: { state: "PENDING", deleteData: true } });
    expect(end(seen, false).effects).toEqual([{ do: "delete", uid: "s1" }]);
    expect(end({}, false)).toMatchObject({ effects: [], answer: { state: "GONE", reason: "Deleted" } });
  });
});

import { ORIGIN_GENERATION, type ResourceOffer, type ResourceRequest } from "@tideway/api";
import { describe, expect, it } from "vitest";
import { decide, type World } from "./decide.ts";

const request = (spec: Partial<ResourceRequest["spec"]> = {}, deleting = false): ResourceRequest => ({
  metadata: { name: "request", uid: "r", ...(deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
  spec: { clusterID: "own-id", ...spec },
});
const offer = (generation = 3): ResourceOffer => ({
  metadata: { name: "offer", generation: 1, annotations: { [ORIGIN_GENERATION]: String(generation) } },
  spec: { clusterID: "west-id", resources: {} },
});
const world = (over: Partial<World> = {}): World => ({
  clusterID: "own-id",
  wanted: true,
  identity: "GRANTED",
  givesPools: false,
  node: undefined,
  unpeerDeadline: undefined,
  request: undefined,
  offers: [],
  now: "2026-01-01T00:00:00Z",
  ...over,
});
const accepted = { acceptedOffer: { name: "offer", generation: 3 } };

describe("asking", () => {
  it.each<[string, Partial<World>, object[]]>([
    ["asks when wanted and granted", {}, [{ do: "applyRequest", spec: { clusterID: "own-id" } }]],
    ["asks once", { request: request() }, []],
    [
      "asks for node pools where the peer knows of them",
      { givesPools: true },
      [{ do: "applyRequest", spec: { clusterID: "own-id", pools: true } }],
    ],
    [
      "asks for them when it learns of that",
      { request: request(), givesPools: true },
      [{ do: "applyRequest", spec: { clusterID: "own-id", pools: true } }],
    ],
    [
      "goes on asking while it is not known",
      { request: request({ pools: true }), givesPools: undefined },
      [],
    ],
    [
      "asks for them no more when the peer went back a release",
      { request: request({ pools: true }) },
      [{ do: "applyRequest", spec: { clusterID: "own-id" } }],
    ],
    [
      "accepts an offer, by its generation at the provider",
      { request: request(), offers: [offer()] },
      [{ do: "applyRequest", spec: { clusterID: "own-id", ...accepted } }],
    ],
    ["accepts once", { request: request(accepted), offers: [offer()] }, []],
    [
      "accepts again when the offer changed",
      { request: request(accepted), offers: [offer(4)] },
      [
        {
          do: "applyRequest",
          spec: { clusterID: "own-id", acceptedOffer: { name: "offer", generation: 4 } },
        },
      ],
    ],
    [
      "takes its word back when the offer is gone",
      { request: request(accepted) },
      [{ do: "applyRequest", spec: { clusterID: "own-id" } }],
    ],
    ["waits until a request that is going is gone", { request: request({}, true) }, []],
    ["asks nothing without a valid identity", { identity: "DENIED" }, []],
    ["asks nothing before anybody spoke of the identity", { identity: undefined }, []],
    ["does nothing before anybody spoke of the peer", { wanted: undefined, request: request() }, []],
  ])("%s", (_, over, effects) => expect(decide(world(over)).effects).toEqual(effects));
});

describe("taking back", () => {
  const unwanted = (over: Partial<World> = {}): World =>
    world({ wanted: false, request: request(), ...over });
  const late = "2025-12-31T23:59:59Z";
  it.each<[string, World, object]>([
    ["at once when there is no node", unwanted(), { effects: [{ do: "deleteRequest" }] }],
    ["when the node is gone", unwanted({ node: "GONE" }), { effects: [{ do: "deleteRequest" }] }],
    ["not while the node drains", unwanted({ node: "DRAINING" }), { effects: [] }],
    ["not while the node is away", unwanted({ node: "NOT_READY" }), { effects: [] }],
    [
      "looks again at the deadline",
      unwanted({ node: "DRAINING", unpeerDeadline: "2026-01-01T00:00:05Z" }),
      { effects: [], recheckMs: 5000 },
    ],
    [
      "waits for nobody after the deadline",
      unwanted({ node: "DRAINING", unpeerDeadline: late }),
      { effects: [{ do: "deleteRequest" }] },
    ],
    ["once", unwanted({ request: request({}, true) }), { effects: [] }],
    ["also without an identity", unwanted({ identity: "GONE" }), { effects: [{ do: "deleteRequest" }] }],
    ["nothing when nothing was asked", unwanted({ request: undefined }), { effects: [] }],
  ])("%s", (_, w, plan) => expect(decide(w)).toEqual(plan));
});

import type { ResourceOffer, ResourceRequest } from "@tideway/api";
import { describe, expect, it } from "vitest";
import { conditionOf, factsOf, type Side, type World } from "./describe.ts";

const request = (decision?: "Accepted" | "Refused" | "Pending", accepted = false): ResourceRequest => ({
  metadata: { name: "request" },
  spec: { clusterID: "x", ...(accepted ? { acceptedOffer: { name: "offer", generation: 1 } } : {}) },
  ...(decision ? { status: { decision, rule: "friends", reason: "because" } } : {}),
});
const offer: ResourceOffer = {
  metadata: { name: "offer" },
  spec: { clusterID: "y", resources: { cpu: "4" }, labels: { zone: "1" } },
};
const none: Side = { request: undefined, offers: [] };
const world = (over: Partial<World>): World => ({
  id: "west-id",
  name: "west",
  outgoing: none,
  nodesOf: () => [],
  incoming: none,
  ...over,
});
const side = (r: ResourceRequest | undefined, o?: ResourceOffer): Side => ({
  request: r,
  offers: o ? [o] : [],
});

it.each<[string, "outgoing" | "incoming", Side, string | undefined]>([
  ["nothing asked", "outgoing", none, undefined],
  ["asked", "outgoing", side(request()), "REQUESTED"],
  ["accepted, and the offer not here yet", "outgoing", side(request("Accepted")), "REQUESTED"],
  ["a person over there decides", "outgoing", side(request("Pending")), "PENDING"],
  ["refused", "outgoing", side(request("Refused")), "REFUSED"],
  ["refused, and the old offer still here", "outgoing", side(request("Refused"), offer), "REFUSED"],
  ["offered: accepting is ours", "outgoing", side(request(), offer), "ACCEPTED"],
  ["an offer without a request", "outgoing", side(undefined, offer), undefined],
  ["asked, not decided", "incoming", side(request()), undefined],
  ["decided, and being written", "incoming", side(request("Accepted")), undefined],
  ["offered", "incoming", side(request("Accepted"), offer), "OFFERED"],
  ["accepted by them", "incoming", side(request("Accepted", true), offer), "ACCEPTED"],
  ["refused", "incoming", side(request("Refused")), "REFUSED"],
  ["waits for our owner", "incoming", side(request("Pending")), "PENDING"],
])("%s, %s: %s", (_, direction, s, state) =>
  expect(factsOf(world({ [direction]: s }))[direction]?.state).toBe(state),
);

it("a fact carries what is given, the rule and why", () =>
  expect(factsOf(world({ outgoing: side(request("Accepted"), offer) })).outgoing).toMatchObject({
    clusterId: "west-id",
    name: "west",
    resources: { cpu: "4" },
    labels: { zone: "1" },
    rule: "friends",
    message: "because",
  }));
it("a refusal carries no resources", () =>
  expect(factsOf(world({ outgoing: side(request("Refused"), offer) })).outgoing?.resources).toEqual({}));

describe("the condition", () => {
  const condition = (w: Partial<World>) => conditionOf(factsOf(world(w)));
  it("is not there when nothing is negotiated", () => expect(condition({})).toBeUndefined());
  it.each<[string, Partial<World>, string, string]>([
    ["asked", { outgoing: side(request()) }, "Unknown", "asked west, which has not answered yet"],
    ["given", { outgoing: side(request("Accepted"), offer) }, "True", 'west gives cpu 4 by rule "friends"'],
    ["refused", { outgoing: side(request("Refused")) }, "False", "west refuses: because"],
    ["refusing", { incoming: side(request("Refused")) }, "False", "the request of west is refused: because"],
    [
      "giving",
      { incoming: side(request("Accepted", true), offer) },
      "True",
      'west gets cpu 4 by rule "friends"',
    ],
  ])("%s", (_, w, status, message) => expect(condition(w)).toMatchObject({ status, message }));
  it("tells both directions, and is as bad as the worse", () =>
    expect(
      condition({ outgoing: side(request("Accepted"), offer), incoming: side(request("Refused")) }),
    ).toMatchObject({
      status: "False",
      message: 'west gives cpu 4 by rule "friends"; the request of west is refused: because',
    }));
});

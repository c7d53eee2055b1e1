import { describe, expect, it } from "vitest";
import { NONE } from "@tideway/quantity";
import { policy, request } from "./fixtures.ts";
import { type Asked, judge } from "./judge.ts";

const asked = (over: Partial<Asked> = {}): Asked => ({
  asker: { id: "east-id", name: "east", clusterName: "East Prod" },
  request: request(),
  incomingAllowed: true,
  policy: policy({ defaultAction: "accept" }),
  pool: "",
  free: NONE,
  granted: false,
  now: "2026-01-02T10:00:00Z",
  ...over,
});
const rules = (...list: { peers?: string[]; action: "accept" | "refuse" | "ask"; reason?: string }[]) =>
  policy({ rules: list.map((r, i) => ({ name: `rule-${i}`, ...r })), defaultAction: "accept" });

it.each<[string, Partial<Asked>, string, string, string]>([
  ["accepts by the default action", {}, "Accepted", "default", "AcceptedByRule"],
  ["asks where there is no policy", { policy: undefined }, "Pending", "no policy", "ApprovalPending"],
  [
    "asks where the policy has no default action",
    { policy: policy() },
    "Pending",
    "default",
    "ApprovalPending",
  ],
  [
    "refuses a request in another cluster's name",
    { request: request({ clusterID: "west-id" }) },
    "Refused",
    "identity",
    "ClusterIDMismatch",
  ],
  [
    "refuses when incoming peering is off",
    { incomingAllowed: false },
    "Refused",
    "incomingPeering",
    "IncomingPeeringOff",
  ],
  [
    "does not take an unknown ForeignCluster for a no",
    { incomingAllowed: undefined },
    "Accepted",
    "default",
    "AcceptedByRule",
  ],
  [
    "refuses amounts that are none",
    { request: request({ resources: { cpu: "lots" } }) },
    "Refused",
    "request",
    "InvalidRequest",
  ],
  [
    "refuses amounts below zero",
    { request: request({ resources: { cpu: "-1" } }) },
    "Refused",
    "request",
    "InvalidRequest",
  ],
  [
    "waits for the owner to mend the policy",
    { policy: policy({ perPeer: { cpu: "lots" }, defaultAction: "accept" }) },
    "Pending",
    "perPeer",
    "InvalidPolicy",
  ],
  [
    "the first rule that matches wins",
    { policy: rules({ peers: ["east"], action: "refuse" }, { action: "accept" }) },
    "Refused",
    "rule-0",
    "RefusedByRule",
  ],
  [
    "passes over rules for others",
    { policy: rules({ peers: ["west"], action: "refuse" }, { peers: ["*"], action: "accept" }) },
    "Accepted",
    "rule-1",
    "AcceptedByRule",
  ],
  [
    "matches by cluster ID",
    { policy: rules({ peers: ["east-id"], action: "refuse" }) },
    "Refused",
    "rule-0",
    "RefusedByRule",
  ],
  [
    "matches by the name the cluster gives itself",
    { policy: rules({ peers: ["East Prod"], action: "refuse" }) },
    "Refused",
    "rule-0",
    "RefusedByRule",
  ],
  [
    "a rule without peers is for all",
    { policy: rules({ action: "refuse" }) },
    "Refused",
    "rule-0",
    "RefusedByRule",
  ],
  ["waits for a person", { policy: rules({ action: "ask" }) }, "Pending", "rule-0", "ApprovalPending"],
  [
    "goes on when a person approved",
    { policy: rules({ action: "ask" }), request: request({}, "yes") },
    "Accepted",
    "rule-0",
    "Approved",
  ],
  [
    "refuses when a person said no",
    { policy: rules({ action: "ask" }), request: request({}, "no") },
    "Refused",
    "rule-0",
    "NotApproved",
  ],
  [
    "waits on when the answer is neither",
    { policy: rules({ action: "ask" }), request: request({}, "maybe") },
    "Pending",
    "rule-0",
    "ApprovalPending",
  ],
  [
    "an approval opens no rule that refuses",
    { policy: rules({ action: "refuse" }), request: request({}, "yes") },
    "Refused",
    "rule-0",
    "RefusedByRule",
  ],
])("%s", (_, over, decision, rule, reason) =>
  expect(judge(asked(over))).toMatchObject({ decision, rule, reason }),
);

describe("the message", () => {
  it("names the rule and the owner's reason", () =>
    expect(judge(asked({ policy: rules({ action: "refuse", reason: "not on weekends" }) })).message).toBe(
      'rule "rule-0" refuses: not on weekends',
    ));
  it("says how to answer", () =>
    expect(judge(asked({ policy: undefined })).message).toContain("sharing.tideway.dev/approve"));
});

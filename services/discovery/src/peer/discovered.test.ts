import type { DiscoveryPolicy, DiscoveryRule, ForeignCluster } from "@tideway/api";
import { describe, expect, it } from "vitest";
import type { PeerFact } from "../ports.ts";
import { decide } from "./decide.ts";
import { clusterOf, ID, NOW, worldOf } from "./fixtures.ts";
import type { World } from "./world.ts";

describe("a cluster that was found", () => {
  const at = [
    {
      way: "mDNS",
      domain: "local",
      until: new Date(NOW).toISOString(),
      endpoint: "192.0.2.1:443",
      pin: "sha256/pin",
    },
  ];
  const found = (spec: Partial<ForeignCluster["spec"]> = {}): ForeignCluster =>
    clusterOf(
      { outgoingPeering: "Auto", ...spec },
      {
        labels: { "app.kubernetes.io/managed-by": "tideway-discovery" },
        annotations: { "discovery.tideway.dev/found": JSON.stringify(at) },
      },
    );
  const policyOf = (rule: Partial<DiscoveryRule>): DiscoveryPolicy => ({
    metadata: { name: "default" },
    spec: { rules: [{ name: "r", action: "join", tokenSecretRef: { name: "t" }, ...rule }] },
  });
  const said = (w: Partial<World>): { reason: string | undefined; fact: PeerFact | undefined } => {
    const plan = decide(worldOf({ cluster: found(), ...w }));
    const conditions = plan.status?.conditions ?? [];
    return { reason: conditions.find((c) => c.type === "Discovered")?.reason, fact: plan.fact };
  };

  it.each<[string, Partial<World>, string | undefined, Partial<PeerFact>]>([
    [
      "waits for a person without a policy",
      {},
      "AsksPerson",
      { outgoing: false, claimed: true, tokenSecret: "" },
    ],
    [
      "is joined by its key, with the rule's token, and is no claim then",
      { policy: policyOf({ pins: ["sha256/pin"] }) },
      "JoinedByRule",
      { outgoing: true, claimed: false, tokenSecret: "t" },
    ],
    [
      "joined by its domain is a claim still",
      { policy: policyOf({ domains: ["local"] }) },
      "JoinedByRule",
      { outgoing: true, claimed: true },
    ],
    [
      "gets no token of a rule that does not join",
      { policy: policyOf({ domains: ["local"], action: "ask" }) },
      "AsksPerson",
      { outgoing: false, tokenSecret: "" },
    ],
    [
      "is never joined where a rule says so",
      { policy: policyOf({ domains: ["*"], action: "never" }) },
      "NeverByRule",
      { outgoing: false },
    ],
    [
      "is a person's where a person has decided",
      { cluster: found({ outgoingPeering: "Yes" }), policy: policyOf({ action: "never" }) },
      "DecidedByPerson",
      { outgoing: true, claimed: false, tokenSecret: "" },
    ],
    [
      "keeps a person's token",
      { cluster: found({ tokenSecretRef: { name: "mine" } }), policy: policyOf({ domains: ["local"] }) },
      "JoinedByRule",
      { tokenSecret: "mine" },
    ],
  ])("%s", (_, w, reason, fact) => {
    const got = said(w);
    expect(got.reason).toBe(reason);
    expect(got.fact).toMatchObject({ foundAt: ["mDNS local"], ...fact });
  });

  it("that was not found and is not left to the policy has no such condition", () => {
    expect(said({ cluster: clusterOf({ outgoingPeering: "Yes" }) }).reason).toBeUndefined();
  });

  it("whose ID somebody announces with another key is said to be in conflict, and nothing else changes", () => {
    const announcement = {
      clusterID: ID,
      clusterName: "west",
      version: "0.2",
      endpoint: "192.0.2.9:1",
      pin: "sha256/other",
    };
    const stranger = { announcement, way: "mDNS" as const, domain: "local", untilMs: NOW + 1 };
    const policy = policyOf({ pins: ["sha256/pin"] });
    const [calm, conflict] = [said({ policy }), said({ policy, strangers: [stranger] })];
    expect(conflict.reason).toBe("PinConflict");
    expect(conflict.fact).toEqual(calm.fact);
  });
});

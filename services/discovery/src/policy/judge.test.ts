import { type DiscoveryPolicy, type DiscoveryRule, type ForeignCluster, FOUND } from "@tideway/api";
import { describe, expect, it } from "vitest";
import { isNamedPin, judge, unproven } from "./judge.ts";
import { readiness } from "./reconciler.ts";

const A = `sha256/${"A".repeat(43)}=`;
const B = `sha256/${"B".repeat(43)}=`;

const policyOf = (rules: DiscoveryRule[], more: Partial<DiscoveryPolicy["spec"]> = {}): DiscoveryPolicy => ({
  metadata: { name: "default" },
  spec: { rules, ...more },
});
const clusterOf = (
  o: { pins?: string[]; domains?: string[]; labels?: Record<string, string> } = {},
): ForeignCluster => ({
  metadata: {
    name: "west",
    labels: o.labels ?? {},
    annotations: {
      [FOUND]: JSON.stringify(
        (o.domains ?? []).map((domain) => ({
          way: "DNS",
          domain,
          until: "2026-05-01T12:00:00Z",
          endpoint: "e:1",
          pin: A,
        })),
      ),
    },
  },
  spec: { clusterID: "id", clusterName: "west", authEndpoint: "e:1", pins: o.pins ?? [A] },
});
const join = (o: Partial<DiscoveryRule>): DiscoveryRule => ({ name: "r", action: "join", ...o });

describe("a rule matches", () => {
  it.each<[string, Partial<DiscoveryRule>, ForeignCluster, boolean]>([
    ["a key that it names", { pins: [A, B] }, clusterOf(), true],
    ["no other key", { pins: [B] }, clusterOf(), false],
    ["no cluster that may show another key too", { pins: [A] }, clusterOf({ pins: [A, B] }), false],
    ["no cluster without a key", { pins: [A] }, clusterOf({ pins: [] }), false],
    ["the domain in which it was found", { domains: ["lab.org"] }, clusterOf({ domains: ["lab.org"] }), true],
    ["any of several domains", { domains: ["lab.org"] }, clusterOf({ domains: ["local", "lab.org"] }), true],
    ["all below a domain", { domains: ["*.org"] }, clusterOf({ domains: ["a.lab.org"] }), true],
    ["not that domain itself", { domains: ["*.lab.org"] }, clusterOf({ domains: ["lab.org"] }), false],
    [
      "no domain that only ends alike",
      { domains: ["*.lab.org"] },
      clusterOf({ domains: ["evil-lab.org"] }),
      false,
    ],
    ["wherever it was found", { domains: ["*"] }, clusterOf({ domains: ["local"] }), true],
    ["nobody who was not found", { domains: ["*"] }, clusterOf(), false],
    [
      "labels that people gave",
      { matchLabels: { site: "a" } },
      clusterOf({ labels: { site: "a", x: "y" } }),
      true,
    ],
    ["no other labels", { matchLabels: { site: "a" } }, clusterOf({ labels: { site: "b" } }), false],
    ["only what all parts match", { pins: [A], domains: ["local"] }, clusterOf(), false],
  ])("%s", (_, rule, cluster, yes) => {
    expect(judge(policyOf([join(rule)]), cluster).action).toBe(yes ? "join" : "ask");
  });
});

it("the first rule that matches decides, with its reason, its token, and whether it knows the key", () => {
  const policy = policyOf([
    join({ name: "no", pins: [B] }),
    join({ name: "yes", pins: [A], tokenSecretRef: { name: "token" }, reason: "ours" }),
    { name: "never", action: "never" },
  ]);
  expect(judge(policy, clusterOf())).toEqual({
    action: "join",
    rule: "yes",
    tokenSecret: "token",
    pinned: true,
    reason: "ours",
  });
  expect(judge(policy, clusterOf({ pins: [`${A}x`] })).rule).toBe("never");
});

it("without a rule that matches, or without a policy, nothing is joined", () => {
  expect(judge(undefined, clusterOf()).action).toBe("ask");
  expect(judge(policyOf([]), clusterOf()).action).toBe("ask");
  expect(judge(policyOf([], { defaultAction: "never" }), clusterOf()).action).toBe("never");
});

it("the owner is told which rules join whoever announces itself", () => {
  const policy = policyOf([
    join({ name: "lan", domains: ["local"] }),
    join({ name: "ours", domains: ["local"], pins: [A] }),
  ]);
  expect(unproven(policy)).toEqual(["lan"]);
  expect(readiness(policy)).toMatchObject({
    status: "True",
    reason: "JoinsUnproven",
    message: expect.stringContaining("by lan"),
  });
  expect(readiness(policyOf([join({ pins: [A] })]))).toMatchObject({
    reason: "InUse",
    message: "1 rules, then ask",
  });
  expect(readiness({ ...policy, metadata: { name: "other" } })).toMatchObject({
    status: "False",
    reason: "NotUsed",
  });
});

it("only a rule that joins names a key as one that is wanted", () => {
  expect(isNamedPin(policyOf([join({ pins: [A] })]), A)).toBe(true);
  expect(isNamedPin(policyOf([{ name: "n", pins: [A], action: "never" }]), A)).toBe(false);
  expect(isNamedPin(undefined, A)).toBe(false);
});

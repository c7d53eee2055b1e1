import { make, resourceRequests } from "@tideway/api";
import { parseList } from "@tideway/quantity";
import { createLedger } from "@tideway/sharing";
import { policy } from "@tideway/sharing/fixtures";
import { expect, it } from "vitest";
import type { TestInput } from "./gather.ts";
import { renderTest } from "./render.ts";
import { tryPolicy } from "./try.ts";

const input = (over: Partial<TestInput> = {}): TestInput => {
  const ledger = createLedger();
  const allocatable = parseList({ cpu: 10, memory: "10Gi", pods: 100 });
  ledger.node("a", { metadata: { name: "a" }, usable: true, allocatable, labels: {} });
  return {
    policy: policy({
      reserve: { percent: 0 },
      rules: [
        { name: "west-only", peers: ["west"], action: "refuse" },
        { name: "office-hours", when: "now.getHours() < 8 || now.getHours() >= 18", action: "refuse" },
        { name: "gold", when: "peer.labels[?'tier'].orValue('') == 'gold'", action: "accept" },
        { name: "late", when: "peer.labels.contract == 'signed'", action: "ask" },
      ],
      offer: { price: { currency: "EUR", perHour: { cpu: "0.03" } } },
    }),
    peer: { id: "east-id", name: "east", clusterName: "East", labels: { tier: "gold" } },
    incomingAllowed: true,
    request: make(resourceRequests, { metadata: { name: "request" }, spec: { clusterID: "east-id" } }),
    ledger,
    grants: [],
    namespace: "tideway-tenant-east",
    now: "2026-01-02T10:30:00.000Z",
    ...over,
  };
};
const shown = (i: TestInput): string => renderTest(tryPolicy(i), (_, text) => text);

it("prints every rule, whether it matches and why, and the outcome", () =>
  expect(shown(input()).split("\n")).toEqual([
    expect.stringMatching(/RULE\s+ACTION\s+RESULT\s+WHY/),
    expect.stringMatching(/west-only\s+refuse\s+no\s+east is not among its peers/),
    expect.stringMatching(/office-hours\s+refuse\s+no\s+its expression is false/),
    expect.stringMatching(/\*\s+gold\s+accept\s+matches\s+its expression is true/),
    expect.stringMatching(/late\s+ask\s+fails\s+line 1, column 13: No such key: contract/),
    'accept by gold (AcceptedByRule): rule "gold" accepts',
    "offered: cpu 10, memory 10Gi, pods 100",
    "costs: 0.3 EUR an hour",
  ]));
it("tries another time", () =>
  expect(shown(input({ now: "2026-01-02T22:00:00.000Z" }))).toContain(
    "refuse by office-hours (RefusedByRule)",
  ));
it("names the mistakes of a policy", () =>
  expect(
    shown(input({ policy: policy({ rules: [{ name: "typo", when: "peer.nam == ''", action: "accept" }] }) })),
  ).toMatch(/mistake in spec\.rules\[0\]\.when \(rule "typo"\): line 1, column 6/));
it("tells that without a policy a person is asked", () =>
  expect(shown(input({ policy: undefined }))).toContain("ask by no policy (ApprovalPending)"));

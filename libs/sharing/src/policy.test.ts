import { formatList, parseList } from "@tideway/quantity";
import { describe, expect, it } from "vitest";
import { answer, type Question } from "./answer.ts";
import { available } from "./capacity/share.ts";
import { policy, request } from "./fixtures.ts";
import { traceRules } from "./judge.ts";
import { createPolicies } from "./policy.ts";
import { costPerHour } from "./price.ts";
import { termsOf } from "./terms.ts";

const capacity = {
  allocatable: parseList({ cpu: 10, memory: "64Gi", pods: 100, "nvidia.com/gpu": 4 }),
  used: parseList({ cpu: 1 }),
};
const question = (over: Partial<Question> = {}): Question => ({
  asker: { id: "east-id", name: "east", labels: { tier: "gold" } },
  request: request(),
  incomingAllowed: true,
  policy: policy({ defaultAction: "accept" }),
  pool: "",
  now: "2026-01-02T10:30:00Z",
  holder: "tideway-tenant-east/offer",
  capacity,
  grants: [],
  current: undefined,
  before: undefined,
  ...over,
});
const given = (spec: Parameters<typeof policy>[0], over: Partial<Question> = {}) => {
  const { amounts } = answer(question({ policy: policy({ defaultAction: "accept", ...spec }), ...over }));
  return amounts && formatList(amounts);
};

describe("what is kept and capped", () => {
  it("a share of everything, and of one resource an amount, of another another share", () =>
    expect(given({ reserve: { percent: 10, resources: { cpu: 4, "nvidia.com/gpu": "50%" } } })).toEqual({
      cpu: "5",
      memory: "58880Mi",
      "nvidia.com/gpu": "2",
      pods: "90",
    }));
  it("an amount beyond what there is keeps all of it", () =>
    expect(
      formatList(available(capacity, { percent: 0, resources: parseList({ cpu: 99 }) }, new Map())).cpu,
    ).toBe("0"));
  it("GPUs are capped for one peer and for all together", () => {
    expect(given({ perPeer: { "nvidia.com/gpu": 1 } })).toMatchObject({ "nvidia.com/gpu": "1" });
    const west = { holder: "w/offer", pool: "", since: "1", amounts: parseList({ "nvidia.com/gpu": 2 }) };
    expect(
      given({ reserve: { percent: 0 }, total: { "nvidia.com/gpu": 3 } }, { grants: [west] }),
    ).toMatchObject({
      "nvidia.com/gpu": "1",
    });
  });
  it("what another node pool gave away is not this one's", () => {
    const west = { holder: "w/offer-gpu", pool: "gpu", since: "1", amounts: parseList({ cpu: 5 }) };
    expect(given({ reserve: { percent: 0 } }, { grants: [west] })).toMatchObject({ cpu: "9" });
  });
});

describe("rules with expressions", () => {
  const rules = (...list: [when: string, action: "accept" | "refuse" | "ask"][]) =>
    policy({
      rules: list.map(([when, action], i) => ({ name: `r${i}`, when, action })),
      defaultAction: "ask",
    });
  it.each<[string, ReturnType<typeof policy>, string, string]>([
    [
      "the first that is true decides",
      rules(["peer.labels.tier == 'silver'", "refuse"], ["free.cpu > 2.0", "accept"]),
      "r1",
      "AcceptedByRule",
    ],
    ["none is true: the default", rules(["free.cpu > 200.0", "accept"]), "default", "ApprovalPending"],
    [
      "one that fails asks a person, whatever comes later",
      rules(["peer.labels.none == ''", "accept"], ["true", "accept"]),
      "r0",
      "RuleFailed",
    ],
    [
      "a request that names nothing asks for what is free",
      rules(["request.resources.cpu > 5.0", "refuse"]),
      "r0",
      "RefusedByRule",
    ],
    [
      "a mistake in any expression accepts nobody",
      rules(["true", "accept"], ["peer.nam == ''", "refuse"]),
      'rule "r1"',
      "InvalidPolicy",
    ],
  ])("%s", (_, p, rule, reason) =>
    expect(answer(question({ policy: p })).verdict).toMatchObject({ rule, reason }),
  );
  it("names rule, expression, line and column of a mistake", () =>
    expect(rules(["true &&\n nope", "accept"]).problems).toEqual([
      {
        rule: 'rule "r0"',
        field: "spec.rules[0].when",
        message: "line 2, column 2: Unknown variable: nope, in: true && nope",
      },
    ]));
  it("peers and expression must both match", () => {
    const p = policy({
      rules: [{ name: "a", peers: ["west"], when: "true", action: "accept" }],
      defaultAction: "refuse",
    });
    expect(answer(question({ policy: p })).verdict.rule).toBe("default");
  });
  it("can all be looked at, each with its why", () => {
    const p = rules(
      ["peer.labels.tier == 'gold'", "accept"],
      ["peer.labels.none == ''", "ask"],
      ["pool == 'x'", "refuse"],
    );
    const q = question({ policy: p });
    expect(traceRules({ ...q, free: parseList({}), granted: false }).map((t) => t.match)).toEqual([
      { matched: true, why: "its expression is true" },
      { failed: expect.stringContaining("No such key: none") },
      { matched: false, why: "its expression is false" },
    ]);
  });
  it("a peer whose offers are taken back gets none", () =>
    expect(
      answer(
        question({
          policy: policy({ defaultAction: "accept", withdrawals: [{ peer: "east", reason: "moving" }] }),
        }),
      ).verdict,
    ).toMatchObject({
      decision: "Refused",
      reason: "Withdrawn",
      message: expect.stringContaining("moving"),
    }));
});

it("an offer carries the owner's labels, its classes for this peer and the price", () => {
  const p = policy({
    defaultAction: "accept",
    offer: {
      labels: { "example.com/provider": "us", "topology.kubernetes.io/region": "eu-1" },
      price: { currency: "EUR", perHour: { cpu: "0.03" } },
      storageClasses: [
        { name: "fast", default: true, capacity: "10Gi", price: "0.001", when: "peer.labels.tier == 'gold'" },
        { name: "secret", peers: ["west"] },
      ],
      ingressClasses: [{ name: "public" }],
    },
  });
  const asked = { ...question({ policy: p }), free: parseList({ cpu: 1 }), granted: false };
  expect(termsOf(asked, { "topology.kubernetes.io/region": "eu", "kubernetes.io/os": "linux" })).toEqual({
    labels: {
      "example.com/provider": "us",
      "topology.kubernetes.io/region": "eu-1",
      "kubernetes.io/os": "linux",
    },
    storageClasses: [{ name: "fast", default: true, capacity: "10Gi", price: "0.001" }],
    ingressClasses: [{ name: "public" }],
    price: { currency: "EUR", perHour: { cpu: "0.03" } },
  });
});

it("a price counts bytes by the GiB", () =>
  expect(
    costPerHour(
      { currency: "EUR", perHour: { cpu: "0.03", memory: "0.004" } },
      parseList({ cpu: 2, memory: "8Gi", pods: 5 }),
    ),
  ).toBe(0.092));

it("a policy is compiled once a generation", () => {
  const compiled = createPolicies();
  const object = (generation: number) => ({ metadata: { name: "default", uid: "u", generation }, spec: {} });
  expect(compiled(object(1))).toBe(compiled(object(1)));
  expect(compiled(object(2))).not.toBe(compiled(object(1)));
});

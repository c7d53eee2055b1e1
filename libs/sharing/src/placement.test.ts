import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_TERMS, type NodeTerm, placementOf } from "./placement.ts";

const rest = { name: "", nodeSelector: {} };
const pool = (name: string, nodeSelector: Record<string, string>) => ({ name, nodeSelector });

describe("the nodes of a pool", () => {
  it("are any where there are no pools", () => expect(placementOf([rest], "")).toEqual([]));
  it("have its labels", () =>
    expect(placementOf([pool("gpu", { gpu: "yes" }), rest], "gpu")).toEqual([
      { all: [{ key: "gpu", operator: "In", values: ["yes"] }] },
    ]));
  it("are those of no pool for the rest", () =>
    expect(
      placementOf([pool("gold", { tier: "gold" }), pool("silver", { tier: "silver" }), rest], ""),
    ).toEqual([{ all: [{ key: "tier", operator: "NotIn", values: ["gold", "silver"] }] }]));
  it("are not those that an earlier one has taken", () =>
    expect(placementOf([pool("gpu", { gpu: "yes" }), pool("eu", { region: "eu" }), rest], "eu")).toEqual([
      {
        all: [
          { key: "region", operator: "In", values: ["eu"] },
          { key: "gpu", operator: "NotIn", values: ["yes"] },
        ],
      },
    ]));
  it("of a pool that the policy does not have (any more) are none", () =>
    expect(placementOf([rest], "gone")).toEqual([
      { all: [{ key: "tideway.dev/pool", operator: "In", values: ["gone"] }] },
    ]));
  it("in no pool are any where there is no policy", () => expect(placementOf([], "")).toEqual([]));
  it("cannot be said in any number of terms", () => {
    const selector = Object.fromEntries([..."abcd"].map((k) => [k, "1"]));
    const many = [..."xyz"].map((n) =>
      pool(n, Object.fromEntries(Object.entries(selector).map(([k]) => [n + k, "1"]))),
    );
    expect(4 ** 3).toBeGreaterThan(MAX_TERMS);
    expect(placementOf([...many, rest], "")).toBeUndefined();
  });
});

const label = fc.constantFrom("a", "b", "c");
const labels = fc.dictionary(label, fc.constantFrom("1", "2"), { minKeys: 1, maxKeys: 2 });
const holds = (terms: readonly NodeTerm[], node: Record<string, string>): boolean =>
  terms.length === 0 ||
  terms.some((t) =>
    t.all.every(({ key, operator, values }) => {
      const is = node[key] !== undefined && values.includes(node[key]);
      return operator === "In" ? is : !is;
    }),
  );

it("a node belongs to the first pool that it matches, and to no other", () =>
  fc.assert(
    fc.property(
      fc.array(labels, { maxLength: 4 }),
      fc.dictionary(label, fc.constantFrom("1", "2")),
      (own, node) => {
        const pools = [...own.map((nodeSelector, i) => pool(`p${i}`, nodeSelector)), rest];
        const first = pools.find((p) =>
          Object.entries(p.nodeSelector).every(([k, v]) => node[k] === v),
        )?.name;
        for (const { name } of pools)
          expect(holds(placementOf(pools, name) ?? [], node)).toBe(name === first);
      },
    ),
  ));

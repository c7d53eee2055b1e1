import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compare } from "./quantity.ts";
import * as lists from "./resource-list.ts";

const list = (o: Record<string, string | number>): lists.Amounts => lists.parseList(o);
const amounts = fc
  .dictionary(
    fc.constantFrom("cpu", "memory", "pods", "example.org/gpu"),
    fc.nat(100_000).map((n) => `${n}m`),
  )
  .map(lists.parseList);

describe("resource lists", () => {
  it("formats canonically and in order", () =>
    expect(JSON.stringify(lists.formatList(list({ pods: 110, cpu: "2000m" })))).toBe(
      '{"cpu":"2","pods":"110"}',
    ));
  it("names the resource of a bad amount", () =>
    expect(() => list({ memory: "lots" })).toThrow(/^memory: "lots" is not a quantity/));
  it("an absent resource counts as none", () =>
    expect(lists.formatList(lists.subtractLists(list({ cpu: "1" }), list({ memory: "1Gi" })))).toEqual({
      cpu: "1",
      memory: "-1Gi",
    }));
  it("a resource without a cap is not capped, and a cap adds no resource", () =>
    expect(lists.formatList(lists.capList(list({ cpu: 4, pods: 10 }), list({ cpu: 2, gpu: 1 })))).toEqual({
      cpu: "2",
      pods: "10",
    }));
  it("tells what is short", () =>
    expect(
      lists.shortfall(list({ pods: 2, cpu: 4, memory: "1Gi" }), list({ cpu: 4, memory: "1Mi" })),
    ).toEqual(["memory", "pods"]));
  it("a sum minus its parts is nothing", () =>
    fc.assert(
      fc.property(fc.array(amounts), (parts) => {
        const rest = parts.reduce(lists.subtractLists, lists.sumLists(parts));
        return lists.equalLists(rest, lists.NONE);
      }),
    ));
  it("what is capped is never above the cap", () =>
    fc.assert(
      fc.property(amounts, amounts, (a, cap) =>
        [...lists.capList(a, cap)].every(([name, amount]) => compare(amount, cap.get(name) ?? amount) <= 0),
      ),
    ));
});

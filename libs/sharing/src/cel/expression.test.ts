import { describe, expect, it } from "vitest";
import { compile, describeMistake, type Expression, type Facts, isMistake } from "./expression.ts";

const GI = 1024 ** 3;
const facts: Facts = {
  peer: { id: "east-id", name: "east", clusterName: "East", labels: { tier: "gold", region: "eu" } },
  request: { resources: { cpu: 4, memory: 8 * GI }, labels: { team: "web" }, maxPrice: -1, granted: false },
  pool: "",
  free: { cpu: 10, memory: 64 * GI, "nvidia.com/gpu": 2 },
  price: { currency: "EUR", perHour: 0.25 },
  now: new Date("2026-01-02T10:30:00Z"),
};
const compiled = (text: string): Expression => {
  const e = compile(text);
  if (isMistake(e)) throw new Error(describeMistake(e));
  return e;
};
const mistake = (text: string): string => {
  const e = compile(text);
  return isMistake(e) ? describeMistake(e) : "none";
};

describe("an expression", () => {
  it.each<[string, boolean]>([
    ["peer.labels.tier == 'gold'", true],
    ["peer.name.startsWith('we') || peer.id == 'east-id'", true],
    ["has(peer.labels.contract) && peer.labels.contract == 'signed'", false],
    ["peer.labels[?'contract'].orValue('none') == 'none'", true],
    ["request.resources.memory <= quantity('8Gi')", true],
    ["request.resources['cpu'] > free['cpu'] / 2.0", false],
    ["free[?'nvidia.com/gpu'].orValue(0.0) >= 1.0", true],
    ["request.labels.team in ['web', 'data']", true],
    ["now.getHours('Europe/Berlin') >= 8 && now.getHours('Europe/Berlin') < 18", true],
    ["now < timestamp('2026-01-02T00:00:00Z')", false],
    ["price.currency == 'EUR' && price.perHour < 1.0 && request.maxPrice < 0.0", true],
    ["['eu', 'us'].exists(r, r == peer.labels.region) && pool == '' && !request.granted", true],
  ])("%s: %s", (text, result) => expect(compiled(text).evaluate(facts)).toBe(result));

  it("knows whether its result changes with the time alone", () => {
    expect(compiled("now.getHours() > 8").usesTime).toBe(true);
    expect(compiled("peer.name == 'now'").usesTime).toBe(false);
  });

  it.each<[string, string, string]>([
    ["of a syntax that is none", "peer.name ==", "line 1, column 13: Unexpected token"],
    ["with a name nobody knows", "true &&\n  peers.name == 'x'", "line 2, column 3: Unknown variable: peers"],
    ["with a field nobody knows", "peer.nam == 'x'", "line 1, column 6: No such key: nam"],
    ["that compares what cannot be compared", "peer.name > 3", "line 1, column 1"],
    ["that calls what is not there", "foo(1)", "line 1, column 1: found no matching overload"],
    ["that is neither true nor false", "peer.name", "the result is a string"],
    [
      "with an amount that is none",
      "free.cpu > quantity('lots')",
      'line 1, column 21: "lots" is not a quantity',
    ],
    [
      "whose work has no bound",
      "peer.name.matches('(a+)+$')",
      "line 1, column 1: matches() is not available",
    ],
    [
      "that nests too much",
      "peer.labels.all(a, peer.labels.all(b, peer.labels.all(c, a == b || b == c)))",
      "steps, allowed are",
    ],
  ])("%s is refused with its place", (_, text, message) => expect(mistake(text)).toContain(message));

  it("that fails says where and what to do", () => {
    const result = compiled("peer.labels.contract == 'signed'").evaluate(facts);
    expect(isMistake(result) && describeMistake(result)).toBe(
      'line 1, column 13: No such key: contract (ask with has(...) or "key" in ..., or read it with [?"key"].orValue(...))',
    );
  });
});

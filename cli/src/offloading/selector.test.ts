import { describe, expect, test } from "vitest";
import { parseSelector, parseStrategy } from "./selector.ts";

describe("a selector", () => {
  test("turns into one term of which all must hold", () =>
    expect(parseSelector(["region=eu,tier!=spot", "gpu", "!slow", "a.b/c==d"])).toEqual([
      {
        matchExpressions: [
          { key: "region", operator: "In", values: ["eu"] },
          { key: "tier", operator: "NotIn", values: ["spot"] },
          { key: "gpu", operator: "Exists" },
          { key: "slow", operator: "DoesNotExist" },
          { key: "a.b/c", operator: "In", values: ["d"] },
        ],
      },
    ]));

  test("of nothing selects every peer", () => expect(parseSelector([])).toEqual([]));

  test("may ask for an empty value", () =>
    expect(parseSelector(["a="])).toEqual([
      { matchExpressions: [{ key: "a", operator: "In", values: [""] }] },
    ]));

  test.each(["", "=b", "a=b=c", "a b", "-a=b", "a=b c", "A.b/=x", "!a=b", ","])(
    "%j is refused by name",
    (text) => expect(() => parseSelector([text])).toThrow(/^--selector: /),
  );
});

test("a strategy may be written in any capitals", () => {
  expect(parseStrategy("remote")).toBe("Remote");
  expect(() => parseStrategy("far")).toThrow(/--pod-offloading-strategy/);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Effect } from "./decide.ts";
import {
  answerOf,
  claimOf,
  realClass,
  realNode,
  secondOf,
  virtualClass,
  virtualNode,
  worldOf,
} from "./fixtures.ts";

const REGIONS = ["eu", "us", "asia"];
const region = fc.option(fc.constantFrom(...REGIONS), { nil: undefined });
const node = fc.record({
  virtual: fc.boolean(),
  name: fc.constantFrom("a", "b", "c"),
  region,
  /** Of a virtual node: where its provider's nodes lie. */
  several: fc.subarray(REGIONS),
});
const rule = fc.option(
  fc.subarray(REGIONS).map((r) => r.join(", ")),
  { nil: undefined },
);
/** Effects by which data comes to lie somewhere. */
const PLACES: readonly Effect["do"][] = ["makeSecond", "makeVolume"];
const asks = (e: Effect): boolean => e.do === "publish" && e.fact.state === "PENDING";

describe("where data lies", () => {
  it("is inside the claim's regions, whatever nodes there are and whichever is chosen", () => {
    fc.assert(
      fc.property(
        node,
        rule,
        rule,
        fc.boolean(),
        fc.boolean(),
        fc.nat(20_000),
        (n, own, ofClass, had, answered, waitedMs) => {
          const chosen = n.virtual ? virtualNode(n.name, n.region, n.several) : realNode(n.name, n.region);
          const c = virtualClass(ofClass === undefined ? {} : { parameters: { keepIn: ofClass } });
          const plan = decide(
            worldOf({
              claim: claimOf({
                selected: chosen.metadata.name,
                ...(own === undefined ? {} : { keepIn: own }),
              }),
              class: c,
              classes: [c, realClass],
              node: chosen,
              waitedMs,
              answer: answered ? answerOf("ACCEPTED") : undefined,
              second: had ? secondOf({ node: chosen.metadata.name }) : undefined,
            }),
          );
          const allowed = own ?? ofClass;
          const rules = allowed?.split(", ");
          const spread = n.virtual && n.several.length > 0;
          const possible = spread ? n.several : n.region === undefined ? [] : [n.region];
          const inside = rules === undefined || possible.some((r) => rules.includes(r));
          // what a peer is asked names the regions, all of them allowed, where it has others too
          for (const e of plan.effects)
            if (e.do === "publish" && e.fact.state === "PENDING" && rules && spread)
              expect(e.fact.regions).toEqual(n.several.filter((r) => rules.includes(r)).toSorted());
          const placed = plan.effects.some((e) => PLACES.includes(e.do) || asks(e));
          if (!inside) {
            expect(placed).toBe(false);
            expect(plan.effects.find((e) => e.do === "tell")?.saying).toMatchObject({
              status: "False",
              reason: "OutsideRegion",
            });
            if (had) expect(plan.effects.map((e) => e.do)).toContain("dropSecond");
          } else expect(placed).toBe(true);
        },
      ),
    );
  });
});

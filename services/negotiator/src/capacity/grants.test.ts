import { formatList, parseList } from "@tideway/quantity";
import { expect, it } from "vitest";
import { createGrants } from "./grants.ts";

const grant = (cpu: string) => ({ holder: "east/offer", pool: "", since: "1", amounts: parseList({ cpu }) });
const held = (g: ReturnType<typeof createGrants>) => formatList(g.get("east/offer") ?? new Map());

it("counts a promise before the cache shows it", () => {
  const g = createGrants();
  g.promise("east", [grant("4")]);
  expect(held(g)).toEqual({ cpu: "4" });
  expect(g.list()).toHaveLength(1);
});
it("counts the larger of what stands and what is promised, until the promise is seen", () => {
  const g = createGrants();
  g.seen("east/offer", grant("6"));
  g.promise("east", [grant("4")]);
  expect(held(g)).toEqual({ cpu: "6" });
  g.seen("east/offer", grant("4"));
  expect(held(g)).toEqual({ cpu: "4" });
});
it("is not misled by an older state that comes in between", () => {
  const g = createGrants();
  g.promise("east", [grant("4")]);
  g.seen("east/offer", grant("1"));
  expect(held(g)).toEqual({ cpu: "4" });
});
it("forgets what is gone, and a promise that was settled otherwise", () => {
  const g = createGrants();
  g.seen("east/offer", grant("4"));
  g.promise("east", [grant("5")]);
  g.promise("east", []);
  g.seen("east/offer", undefined);
  expect(g.list()).toEqual([]);
});

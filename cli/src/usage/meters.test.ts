import { formatList } from "@tideway/quantity";
import { expect, it } from "vitest";
import { type Reading, usageOf } from "./meters.ts";

const T = (minutes: number): string => new Date(Date.UTC(2030, 0, 1, 0, minutes)).toISOString();
const reading = (at: number, used: string, seconds: string, since = 0): Reading => ({
  peer: "east",
  clusterID: "east-id",
  offer: "offer",
  hard: { cpu: "8" },
  used: { cpu: used },
  meter: { since: T(since), at: T(at), seconds: { cpu: seconds } },
});
// one core from minute 0 to 30, three from then on
const history = [reading(0, "1", "0"), reading(30, "3", "1800")];
const now = reading(30, "3", "1800");

it.each<[string, string | undefined, string, number]>([
  ["from the beginning", undefined, "3500m", 0],
  ["from before the beginning", T(-60), "3500m", 0],
  ["from the last change on", T(30), "3", 30],
  ["from between two changes", T(15), "3250m", 15],
  ["from after the last change", T(60), "1500m", 60],
])("core hours %s", (_what, since, hours, from) => {
  const usage = usageOf(now, history, since, T(90));
  expect(formatList(usage.hours)).toEqual({ cpu: hours });
  expect(usage.since).toBe(T(from));
});
it("begins where the history does, and says so", () => {
  const usage = usageOf(now, [], T(15), T(90));
  expect([usage.since, formatList(usage.hours)]).toEqual([T(30), { cpu: "3" }]);
});
it("of an earlier tenancy are not counted", () => {
  const usage = usageOf(now, [reading(-30, "9", "99999", -60), ...history], T(15), T(90));
  expect(formatList(usage.hours)).toEqual({ cpu: "3250m" });
});

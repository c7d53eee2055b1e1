import type { ResourceOffer } from "@tideway/api";
import { formatList, parseList } from "@tideway/quantity";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOW, offer } from "./fixtures.ts";
import { type Course, courseOf, type Stand, type Withdrawal } from "./withdraw.ts";

const minutes = (n: number): string => new Date(Date.parse(NOW) + n * 60_000).toISOString();
const state = (
  s: Withdrawal["state"],
  since = NOW,
  deadline = minutes(5),
): Partial<ResourceOffer["spec"]> => ({
  withdrawal: { state: s, reason: "because", since, deadline },
});
const stand = (over: Partial<Stand> & { spec?: Partial<ResourceOffer["spec"]> } = {}): Stand => ({
  offer: offer({ cpu: "4" }, "basis", over.spec),
  current: parseList({ cpu: 4 }),
  wanted: undefined,
  why: "closed",
  used: parseList({}),
  times: { cordonForMs: 60_000, deadlineMs: 300_000 },
  acknowledged: false,
  newBasis: false,
  now: NOW,
  ...over,
});
const said = (c: Course): unknown =>
  c.do === "end" ? "end" : [c.withdrawal?.state, formatList(c.amounts).cpu, c.recheckMs];
const cpu = (n: number) => parseList({ cpu: n });

describe("nothing is given any more", () => {
  it.each<[string, Parameters<typeof stand>[0], unknown]>([
    ["cordons first, with all that was given", { used: cpu(2) }, ["Cordoned", "4", 60_000]],
    [
      "stays cordoned while pods may end by themselves",
      { used: cpu(2), spec: state("Cordoned"), now: minutes(0.5) },
      ["Cordoned", "4", 30_000],
    ],
    [
      "drains after that, and gives no more than is used",
      { used: cpu(2), spec: state("Cordoned"), now: minutes(1) },
      ["Draining", "2", 240_000],
    ],
    [
      "follows the pods that leave",
      { used: cpu(1), spec: state("Draining"), now: minutes(3) },
      ["Draining", "1", 120_000],
    ],
    ["ends when the last pod has left", { spec: state("Draining"), now: minutes(3) }, "end"],
    [
      "ends at the deadline whatever is used",
      { used: cpu(2), spec: state("Draining"), now: minutes(5) },
      "end",
    ],
    [
      "ends at the deadline from Cordoned too",
      { used: cpu(2), spec: state("Cordoned"), now: minutes(6) },
      "end",
    ],
    [
      "waits with an unused offer until the consumer knows",
      { spec: state("Cordoned") },
      ["Cordoned", "4", 60_000],
    ],
    ["ends an unused offer when the consumer knows", { spec: state("Cordoned"), acknowledged: true }, "end"],
    [
      "does not take the acceptance of the offer before for knowing",
      { acknowledged: true },
      ["Cordoned", "4", 60_000],
    ],
    ["ends an unused offer of a consumer that is away", { spec: state("Cordoned"), now: minutes(1) }, "end"],
    [
      "begins anew where it only shrank",
      { used: cpu(2), spec: state("Shrinking"), now: minutes(4) },
      ["Cordoned", "4", 60_000],
    ],
    [
      "a newer decision may hasten it",
      {
        used: cpu(2),
        spec: state("Draining"),
        newBasis: true,
        times: { cordonForMs: 0, deadlineMs: 60_000 },
      },
      ["Draining", "2", 60_000],
    ],
  ])("%s", (_, over, course) => expect(said(courseOf(stand(over)))).toEqual(course));
  it("tells since when, until when and why", () => {
    const course = courseOf(stand());
    expect(course.do === "offer" && course.withdrawal).toEqual({
      state: "Cordoned",
      reason: "closed",
      since: NOW,
      deadline: minutes(5),
    });
  });
});

describe("less is given", () => {
  it.each<[string, Parameters<typeof stand>[0], unknown]>([
    ["at once what is unused", { wanted: cpu(1), used: cpu(1) }, [undefined, "1", undefined]],
    ["what is used only when pods end", { wanted: cpu(1), used: cpu(3) }, ["Shrinking", "3", 300_000]],
    [
      "as they end",
      { wanted: cpu(1), used: cpu(2), spec: state("Shrinking"), now: minutes(2) },
      ["Shrinking", "2", 180_000],
    ],
    [
      "at the deadline",
      { wanted: cpu(1), used: cpu(2), spec: state("Shrinking"), now: minutes(5) },
      [undefined, "1", undefined],
    ],
    [
      "and is over when the owner gives more again",
      { wanted: cpu(4), used: cpu(3), spec: state("Shrinking") },
      [undefined, "4", undefined],
    ],
    [
      "and a withdrawal is over when the owner accepts again",
      { wanted: cpu(4), used: cpu(3), spec: state("Draining") },
      [undefined, "4", undefined],
    ],
    ["but use beyond the offer keeps nothing", { wanted: cpu(4), used: cpu(9) }, [undefined, "4", undefined]],
  ])("%s", (_, over, course) => expect(said(courseOf(stand(over)))).toEqual(course));
});

it("never takes what is used before the deadline, nor gives more than is offered now or meant", () =>
  fc.assert(
    fc.property(
      fc.nat(8),
      fc.option(fc.nat(8), { nil: undefined }),
      fc.nat(8),
      fc.constantFrom<Withdrawal["state"] | undefined>("Shrinking", "Cordoned", "Draining", undefined),
      fc.nat(290),
      (current, wanted, used, s, seconds) => {
        const course = courseOf(
          stand({
            current: cpu(current),
            wanted: wanted === undefined ? undefined : cpu(wanted),
            used: cpu(used),
            now: minutes(seconds / 60),
            ...(s ? { spec: state(s) } : {}),
          }),
        );
        if (course.do === "end") {
          expect(used === 0 || current === 0).toBe(true);
          return;
        }
        const given = Number(formatList(course.amounts).cpu);
        expect(given).toBeGreaterThanOrEqual(Math.min(used, current));
        expect(given).toBeLessThanOrEqual(Math.max(current, wanted ?? 0));
      },
    ),
  ));

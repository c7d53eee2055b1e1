import { expect, it } from "vitest";
import { BIND_AGAIN, bindAgain, bindAgainInMs } from "./bind-again.ts";

const MADE = "2026-01-01T00:00:00Z";
const AT = Date.parse(MADE);
const claim = (o: { phase?: string; volumeName?: string; annotations?: Record<string, string> } = {}) => ({
  metadata: {
    name: "data",
    creationTimestamp: MADE,
    ...(o.annotations ? { annotations: o.annotations } : {}),
  },
  spec: o.volumeName === "" ? {} : { volumeName: o.volumeName ?? "pv-1" },
  status: { phase: o.phase ?? "Pending" },
});

it("a claim for a volume that is there is touched when it is not bound after a second", () => {
  expect(bindAgainInMs(claim(), AT + 400)).toBe(600);
  expect(bindAgainInMs(claim(), AT + 5_000)).toBe(0);
});
it("and once more a second after each touch", () => {
  const { metadata } = bindAgain(AT + 5_000) as { metadata: { annotations: Record<string, string> } };
  expect(metadata.annotations).toEqual({ [BIND_AGAIN]: "2026-01-01T00:00:05.000Z" });
  expect(bindAgainInMs(claim(metadata), AT + 5_300)).toBe(700);
});
it("but not one that is bound, has lost its volume, or waits for one to be made", () => {
  for (const o of [{ phase: "Bound" }, { phase: "Lost" }, { volumeName: "" }])
    expect(bindAgainInMs(claim(o), AT + 60_000)).toBeUndefined();
});

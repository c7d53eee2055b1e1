import { describe, expect, it } from "vitest";
import { createBudget } from "./budget.ts";

const read = (budget: ReturnType<typeof createBudget>, from: string, times: number, now = 0): number =>
  Array.from({ length: times }, () => budget(from, now)).filter(Boolean).length;

describe("of a hundred packets a second", () => {
  it("one sender's flood is read up to a quarter, and what others say is read beside it", () => {
    const budget = createBudget(100);
    expect(read(budget, "192.0.2.1", 10_000)).toBe(25);
    expect(read(budget, "192.0.2.2", 10)).toBe(10);
  });

  it("no more are read than that, whoever sends them", () => {
    const budget = createBudget(100);
    const senders = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    expect(senders.reduce((n, s) => n + read(budget, s, 5), 0)).toBe(100);
  });

  it("all are read again in the next second, and after the clock was set back", () => {
    const budget = createBudget(100);
    read(budget, "192.0.2.1", 10_000, 5000);
    expect(read(budget, "192.0.2.1", 10_000, 6000)).toBe(25);
    expect(read(budget, "192.0.2.1", 10_000, 2000)).toBe(25);
  });
});

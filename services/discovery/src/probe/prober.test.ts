import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ANSWER } from "../peer/fixtures.ts";
import type { Target } from "../ports.ts";
import type { Outcome } from "./health.ts";
import { createProber } from "./prober.ts";

const west: Target = { clusterID: "west", endpoint: "192.0.2.1:443", pins: ["a"] };
let stop: AbortController;
let asked: string[];
let answers: (endpoint: string) => Outcome;
let told: string[];

const prober = () =>
  createProber({
    ask: (t) => {
      asked.push(t.endpoint);
      return Promise.resolve(answers(t.endpoint));
    },
    intervalMs: 5000,
    failures: 3,
    onChange: (id) => told.push(id),
    observed: () => undefined,
    random: () => 0.5,
    signal: stop.signal,
  });

beforeEach(() => {
  vi.useFakeTimers();
  stop = new AbortController();
  asked = [];
  told = [];
  answers = () => ANSWER;
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

it("asks at once, then each interval, and tells only what is new", async () => {
  const p = prober();
  p.watch(west);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(3);
  expect(told).toEqual(["west"]);
  expect(p.health("west")?.verdict).toBe("Up");
});

it("confirms a doubt sooner", async () => {
  const p = prober();
  p.watch(west);
  await vi.advanceTimersByTimeAsync(0);
  answers = () => ({ ok: false, reason: "Unreachable", error: "refused" });
  await vi.advanceTimersByTimeAsync(5000 + 2000);
  expect(p.health("west")?.verdict).toBe("Down");
  expect(asked).toHaveLength(4);
});

it("goes on undisturbed when told of the same target, and starts anew with another address", async () => {
  const p = prober();
  p.watch(west);
  await vi.advanceTimersByTimeAsync(1000);
  p.watch({ ...west });
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toHaveLength(1);
  p.watch({ ...west, endpoint: "192.0.2.2:443" });
  expect(p.health("west")?.verdict).toBe("Unknown");
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked.slice(1)).toEqual(["192.0.2.2:443", "192.0.2.2:443"]);
});

it("asks no more after it was told to forget, and drops an answer that comes late", async () => {
  const late = Promise.withResolvers<Outcome>();
  const observed = vi.fn();
  const p = createProber({
    ask: () => late.promise,
    intervalMs: 5000,
    failures: 3,
    onChange: (id) => told.push(id),
    observed,
    signal: stop.signal,
  });
  p.watch(west);
  p.forget("west");
  late.resolve(ANSWER);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(observed).not.toHaveBeenCalled();
  expect(told).toEqual([]);
  expect(p.health("west")).toBeUndefined();
});

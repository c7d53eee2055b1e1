import type { Prober, Target } from "../ports.ts";
import type { Ask } from "./ask.ts";
import { type Health, judge, type Outcome, pauseMs, sameHealth, START } from "./health.ts";

export interface ProberOptions {
  ask: Ask;
  /** Between two probes, ms. */
  intervalMs: number;
  /** Failures in a row that count. */
  failures: number;
  /** Called when others should hear of it. */
  onChange: (id: string) => void;
  observed: (id: string, outcome: Outcome, seconds: number) => void;
  random?: () => number;
  signal: AbortSignal;
}

interface Watched {
  target: Target;
  health: Health;
  stop: AbortController;
}

const sameTarget = (a: Target, b: Target): boolean =>
  a.endpoint === b.endpoint && a.pins.length === b.pins.length && a.pins.every((p, i) => p === b.pins[i]);

/** One loop a peer: probe, judge, tell, pause. The first probe starts at once. */
export const createProber = (o: ProberOptions): Prober => {
  const watched = new Map<string, Watched>();
  const random = o.random ?? Math.random;

  const probe = async (w: Watched, signal: AbortSignal): Promise<void> => {
    const id = w.target.clusterID;
    const startedAt = performance.now();
    const outcome = await o.ask(w.target, signal);
    if (signal.aborted) return;
    o.observed(id, outcome, (performance.now() - startedAt) / 1000);
    const before = w.health;
    w.health = judge(before, outcome, o.failures);
    if (!sameHealth(before, w.health)) o.onChange(id);
  };

  const run = async (w: Watched): Promise<void> => {
    const signal = AbortSignal.any([o.signal, w.stop.signal]);
    while (!signal.aborted) {
      await probe(w, signal);
      await pause(pauseMs(w.health, o.intervalMs, random()), signal);
    }
  };

  const forget = (id: string): void => {
    watched.get(id)?.stop.abort();
    watched.delete(id);
  };

  return {
    watch: (target) => {
      const known = watched.get(target.clusterID);
      if (known && sameTarget(known.target, target)) return;
      forget(target.clusterID);
      const w: Watched = { target, health: START, stop: new AbortController() };
      watched.set(target.clusterID, w);
      void run(w);
    },
    forget,
    health: (id) => watched.get(id)?.health,
  };
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });

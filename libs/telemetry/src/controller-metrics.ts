import { OPEN, type Metrics } from "./metrics.ts";

const OUTCOMES = ["success", "error", "terminal", "conflict"] as const;
type Outcome = (typeof OUTCOMES)[number];

/** What `@tideway/controller` reports: one set of series for all controllers of a service. */
export const controllerMetrics = (metrics: Metrics) => {
  const total = metrics.counter({
    name: "tideway_reconcile_total",
    help: "Reconciles by controller and outcome",
    labels: { controller: OPEN, outcome: OUTCOMES },
  });
  const seconds = metrics.histogram({
    name: "tideway_reconcile_seconds",
    help: "Duration of a reconcile",
    labels: { controller: OPEN },
  });
  const queue = metrics.gauge({
    name: "tideway_queue_length",
    help: "Keys that wait for a reconcile",
    labels: { controller: OPEN },
  });
  return {
    reconciled(controller: string, outcome: Outcome, duration: number): void {
      total.inc({ controller, outcome });
      seconds.observe({ controller }, duration);
    },
    /** Called once when a controller starts: its series stand at 0 from then on. */
    depth(controller: string, length: () => number): void {
      for (const outcome of OUTCOMES) total.inc({ controller, outcome }, 0);
      queue.collect({ controller }, length);
    },
  };
};

import { type Metrics } from "@tideway/telemetry";
import { amountOf, type Amounts, sumLists, toNumber } from "@tideway/quantity";
import type { ResourceOffer } from "@tideway/api";
import type { Capacity, Grant } from "@tideway/sharing";

const RESOURCES = ["cpu", "memory", "pods"] as const;
const DECISIONS = ["Accepted", "Refused", "Pending"] as const;
const STATES = ["Standing", "Shrinking", "Cordoned", "Draining"] as const;
const KINDS = ["allocatable", "used", "offered"] as const;

export interface NegotiatorMetrics {
  /** A request was first seen without an answer. */
  asked(peer: string): void;
  /** Its first answer is written. */
  answered(peer: string): void;
  decided(decision: (typeof DECISIONS)[number]): void;
  offerWritten(): void;
  /** Where the gauges read at each scrape. */
  watch(read: {
    capacity: () => Capacity;
    grants: () => Grant[];
    /** Those that this cluster gives. */
    offers: () => readonly Pick<ResourceOffer, "spec">[];
  }): void;
  /** How long a request's rules and amounts took to decide on, ms. */
  judged(ms: number): void;
}

export const negotiatorMetrics = (metrics: Metrics, nowMs: () => number): NegotiatorMetrics => {
  const decisions = metrics.counter({
    name: "tideway_negotiator_decisions_total",
    help: "Decisions on requests written, by decision",
    labels: { decision: DECISIONS },
  });
  const writes = metrics.counter({
    name: "tideway_negotiator_offer_writes_total",
    help: "Offers written or rewritten",
  });
  const answer = metrics.histogram({
    name: "tideway_negotiator_answer_seconds",
    help: "From a request first seen to its answer written",
  });
  const capacity = metrics.gauge({
    name: "tideway_negotiator_capacity",
    help: "What usable nodes have, what this cluster's own pods use of it, and what peers are offered; cores, bytes, pods",
    labels: { resource: RESOURCES, kind: KINDS },
  });
  const offers = metrics.gauge({
    name: "tideway_negotiator_offers",
    help: "Offers that this cluster gives, by state of their withdrawal; Standing: not taken back",
    labels: { state: STATES },
  });
  const judging = metrics.histogram({
    name: "tideway_negotiator_decision_seconds",
    help: "Time to decide on one peer: all rules, all node pools",
    buckets: [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05],
  });
  const waiting = new Map<string, number>();
  return {
    asked: (peer) => {
      if (!waiting.has(peer)) waiting.set(peer, nowMs());
    },
    answered: (peer) => {
      const since = waiting.get(peer);
      waiting.delete(peer);
      if (since !== undefined) answer.observe({}, (nowMs() - since) / 1000);
    },
    decided: (decision) => decisions.inc({ decision }),
    offerWritten: () => writes.inc({}),
    judged: (ms) => judging.observe({}, ms / 1000),
    watch: (read) => {
      for (const state of STATES)
        offers.collect(
          { state },
          () => read.offers().filter((o) => (o.spec.withdrawal?.state ?? "Standing") === state).length,
        );
      const amounts: Record<(typeof KINDS)[number], () => Amounts> = {
        allocatable: () => read.capacity().allocatable,
        used: () => read.capacity().used,
        offered: () => sumLists(read.grants().map((g) => g.amounts)),
      };
      for (const resource of RESOURCES)
        for (const kind of KINDS)
          capacity.collect({ resource, kind }, () => toNumber(amountOf(amounts[kind](), resource)));
    },
  };
};

import { type Metrics } from "@tideway/telemetry";
import { amountOf, type Amounts, sumLists, toNumber } from "@tideway/quantity";
import type { Capacity } from "./capacity/ledger.ts";
import type { Grant } from "./capacity/share.ts";

const RESOURCES = ["cpu", "memory", "pods"] as const;
const DECISIONS = ["Accepted", "Refused", "Pending"] as const;
const KINDS = ["allocatable", "used", "offered"] as const;

export interface NegotiatorMetrics {
  /** A request was first seen without an answer. */
  asked(peer: string): void;
  /** Its first answer is written. */
  answered(peer: string): void;
  decided(decision: (typeof DECISIONS)[number]): void;
  offerWritten(): void;
  /** Where the gauges read at each scrape. */
  watch(read: { capacity: () => Capacity; grants: () => Grant[] }): void;
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
    watch: (read) => {
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

import { UNREADABLE } from "@tideway/dnssd";
import type { Metrics } from "@tideway/telemetry";

const RECEIVED = ["Read", "Flooded", "OffLink", ...UNREADABLE] as const;
export type Received = (typeof RECEIVED)[number];
/** Why a packet was not read. */
export type Unread = Exclude<Received, "Read">;
const PHASES = ["silent", "probing", "announcing", "established"] as const;
export type AgentPhase = (typeof PHASES)[number];

export interface AgentMetrics {
  received(what: Received): void;
  sent(): void;
  /** Announcements that were not taken in, for want of room. */
  refused(count: number): void;
  /** Somebody else had our name. */
  conflict(): void;
  watch(o: { instances: () => number; phase: () => AgentPhase }): void;
}

export const agentMetrics = (metrics: Metrics): AgentMetrics => {
  const received = metrics.counter({
    name: "tideway_mdns_packets_received_total",
    help: "Packets from the local network, by what became of them",
    labels: { result: RECEIVED },
  });
  const sent = metrics.counter({ name: "tideway_mdns_packets_sent_total", help: "Packets sent" });
  const refused = metrics.counter({
    name: "tideway_mdns_announcements_refused_total",
    help: "New announcements that were not taken in, since there are too many",
  });
  const conflicts = metrics.counter({
    name: "tideway_mdns_conflicts_total",
    help: "Times that another host had this cluster's name",
  });
  const instances = metrics.gauge({
    name: "tideway_mdns_announcements",
    help: "Announcements that are kept, whole or not",
  });
  const phases = metrics.gauge({
    name: "tideway_mdns_phase",
    help: "1 for what the agent does with its own announcement",
    labels: { phase: PHASES },
  });
  return {
    received: (result) => received.inc({ result }),
    sent: () => sent.inc({}),
    refused: (count) => refused.inc({}, count),
    conflict: () => conflicts.inc({}),
    watch: (o) => {
      instances.collect({}, o.instances);
      for (const phase of PHASES) phases.collect({ phase }, () => (o.phase() === phase ? 1 : 0));
    },
  };
};

import type { Metrics } from "@tideway/telemetry";

/** As in telemetry, which the CLI does not load only to follow events. */
const OPEN = "open";

export interface BusMetrics {
  published(entity: string, outcome: "stored" | "unchanged" | "retried"): void;
  received(entity: string, outcome: "read" | "malformed"): void;
  connected(read: () => boolean): void;
}

export const busMetrics = (metrics: Metrics | undefined): BusMetrics => {
  const published = metrics?.counter({
    name: "tideway_bus_published_total",
    help: "Facts said by this service: stored, left out as unchanged, or a try that failed and is repeated",
    labels: { entity: OPEN, outcome: ["stored", "unchanged", "retried"] },
  });
  const received = metrics?.counter({
    name: "tideway_bus_received_total",
    help: "Facts heard by this service",
    labels: { entity: OPEN, outcome: ["read", "malformed"] },
  });
  const connected = metrics?.gauge({ name: "tideway_bus_connected", help: "1 while connected to the bus" });
  return {
    published: (entity, outcome) => published?.inc({ entity, outcome }),
    received: (entity, outcome) => received?.inc({ entity, outcome }),
    connected: (read) => connected?.collect({}, () => (read() ? 1 : 0)),
  };
};

/** The only place that builds adapters: the bus, the local network, the agent between them. */
import { isDeepStrictEqual } from "node:util";
import { createAudit } from "@tideway/audit";
import { connectBus } from "@tideway/bus";
import { readOptionalFile } from "@tideway/config";
import { describeError } from "@tideway/errors";
import type { RuntimeContext } from "@tideway/runtime";
import { createAgent } from "./agent.ts";
import type { Seen } from "./browser/state.ts";
import type { MdnsAgentConfig } from "./config.ts";
import { RECORDS, recordOf } from "./faults.ts";
import { openLan } from "./lan/socket.ts";
import { agentMetrics } from "./metrics.ts";
import type { Clock, DoorFact, SightingFact } from "./ports.ts";
import type { Offer } from "./responder/records.ts";
import { factOf, inherit, type Said, type SaidOf, tell } from "./sightings.ts";

const SERVICE = "mdns-agent";
/** It has no right to ask the API server for the cluster's ID, on purpose; what it says names it by its service. */
const SOURCE_CLUSTER = "local";
const clock: Clock = { now: Date.now };

const offerOf = (door: DoorFact | undefined, ttl: number): Offer | undefined =>
  door?.state === "OPEN"
    ? {
        ttl,
        announcement: {
          clusterID: door.clusterId,
          clusterName: door.clusterName,
          version: door.protocolVersion,
          endpoint: door.authEndpoint,
          pin: door.pin,
        },
      }
    : undefined;

export const wire = async (ctx: RuntimeContext, config: MdnsAgentConfig): Promise<void> => {
  const { log, signal, setReady, onShutdown } = ctx;
  for (const part of ["bus", "network"]) setReady(part, false);
  const bus = await connectBus({
    url: config.busUrl,
    replicas: config.busReplicas,
    service: SERVICE,
    seed: readOptionalFile(config.busSeedFile, "BUS_SEED_FILE"),
    ca: readOptionalFile(config.busCaFile, "BUS_CA_FILE"),
    clusterID: SOURCE_CLUSTER,
    readOnly: true, // of the streams: it may not make them
    log,
    signal,
    metrics: ctx.metrics,
    onStatus: (up) => setReady("bus", up),
  });
  onShutdown("bus", () => bus.close());
  const audit = createAudit({ bus, service: SERVICE, log, gather: RECORDS });
  onShutdown("audit", () => audit.close());
  const [doors, sightings] = await Promise.all([bus.facts("door"), bus.facts("sighting")]);
  await Promise.all([doors.synced, sightings.synced]);

  let said: SaidOf = new Map(
    sightings.list().flatMap(({ data }): [string, Said][] => {
      const before = inherit(data);
      return before ? [[data.instance, before]] : [];
    }),
  );
  const say = (fact: SightingFact): void => {
    bus
      .publish("sighting", { peer: fact.clusterId, id: fact.instance }, fact)
      .catch((err: unknown) => log.debug({ reason: describeError(err) }, "sighting not said")); // the bus is closing
  };
  const self = (): string => doors.get("local")?.data.clusterId ?? "";
  const onSeen = (seen: ReadonlyMap<string, Seen>, now: number): number => {
    const others = new Map([...seen].filter(([, s]) => s.announcement.clusterID !== self()));
    const told = tell(said, others, now);
    said = told.said;
    for (const fact of told.say) say(fact);
    return told.dueMs;
  };

  const lan = await openLan(config.address ?? config.podIP, log);
  onShutdown("network", () => lan.close());
  const agent = createAgent({
    lan,
    clock,
    random: Math.random,
    limits: { instances: config.maxInstances, newPerMinute: config.newPerMinute },
    packetsPerSecond: config.packetsPerSecond,
    metrics: agentMetrics(ctx.metrics),
    onFault: (fault, from) => audit.record(recordOf(fault, from)),
    onSeen,
  });
  onShutdown("agent", () => agent.stop());

  let offered: Offer | undefined;
  doors.onChange(({ data }) => {
    const offer = offerOf(data, config.ttlSeconds);
    if (isDeepStrictEqual(offer, offered)) return;
    offered = offer;
    log.info({ announced: offer?.announcement }, offer ? "announces this cluster" : "announces nothing");
    agent.offer(offer);
  });
  bus.onReconnect(() => {
    for (const [instance, s] of said) say(factOf(instance, s, "SEEN"));
  });
  setReady("network", true);
};

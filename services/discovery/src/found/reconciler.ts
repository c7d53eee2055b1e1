import {
  type ForeignCluster,
  foreignClusters,
  FOUND,
  FOUND_BY,
  type FoundAt,
  isTrue,
  FOREIGN_CLUSTER_CONDITIONS,
  type DiscoveryPolicy,
  make,
} from "@tideway/api";
import type { Audit } from "@tideway/audit";
import type { Reconcile, ReconcileContext } from "@tideway/controller";
import { isAlreadyExists, isConflict, isNotFound } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { stands } from "../peer/world.ts";
import type { Clock, ClustersOf, Heard, Tell } from "../ports.ts";
import { decide, type Effect, type World } from "./decide.ts";
import type { Sightings } from "./sightings.ts";

/** Field manager of what is made of announcements; the peer reconciler has its own. */
export const FOUND_MANAGER = "discovery-found";
/** Something changed between what was decided on and the write: looked at again after this, ms. */
const AGAIN_MS = 50;

export interface FoundDeps {
  kube: Pick<Kube, "create" | "patch" | "delete">;
  clock: Clock;
  self: string;
  owns(id: string): boolean;
  clustersOf: ClustersOf;
  sightings: Sightings;
  heard(id: string): Heard;
  policy(): Readonly<DiscoveryPolicy> | undefined;
  isTaken(name: string): boolean;
  hasRoom(): boolean;
  tell: Tell;
  audit: Pick<Audit, "record">;
  refused(): void;
}

/** Key: cluster ID. */
export const createFoundReconciler = (d: FoundDeps): Reconcile => {
  const observe = (id: string): World => {
    const [cluster] = d.clustersOf(id);
    const now = d.clock.now();
    return {
      id,
      self: d.self,
      cluster,
      sightings: d.sightings.of(id, now),
      knows: (place) => d.sightings.knows(id, place),
      policy: d.policy(),
      peered: stands(d.heard(id)),
      reachable: isTrue(cluster?.status?.conditions, FOREIGN_CLUSTER_CONDITIONS.reachable),
      isTaken: d.isTaken,
      hasRoom: d.hasRoom(),
      now,
    };
  };

  const note = (
    fc: Readonly<ForeignCluster>,
    e: Effect & { do: "note" },
    signal: AbortSignal,
  ): Promise<unknown> => {
    const { name, uid, resourceVersion } = fc.metadata;
    const way = e.found[0]?.way ?? null;
    const metadata = {
      uid,
      resourceVersion, // a change of a person meanwhile is looked at first
      labels: { [FOUND_BY]: way },
      annotations: { [FOUND]: e.found.length > 0 ? JSON.stringify(e.found) : null },
    };
    const moved = e.authEndpoint === fc.spec.authEndpoint ? {} : { spec: { authEndpoint: e.authEndpoint } };
    return d.kube.patch(
      foreignClusters,
      name,
      undefined,
      { metadata, ...moved },
      { fieldManager: FOUND_MANAGER, signal },
    );
  };

  /** Said by whoever can send a packet: it takes no peer away, and it is not forgotten. */
  const recordFarewell = (fc: Readonly<ForeignCluster>, { way, domain }: FoundAt): void => {
    const notice = {
      reason: "StillPeered",
      message: `taken back by ${way} in ${domain} before its time; it is a peer, and nothing was changed`,
    };
    d.tell(fc, { type: "Normal", ...notice });
    d.audit.record({
      peer: fc.spec.clusterID,
      actor: { clusterID: fc.spec.clusterID, clusterName: fc.spec.clusterName },
      action: "withdraw",
      object: `ForeignCluster/${fc.metadata.name}`,
      outcome: "DENIED",
      ...notice,
    });
  };

  const perform = async (w: World, e: Effect, { signal, log }: ReconcileContext): Promise<void> => {
    if (e.do === "create") {
      const made = await d.kube.create(foreignClusters, make(foreignClusters, e.cluster), {
        fieldManager: FOUND_MANAGER,
        signal,
      });
      const places = w.sightings.map((s) => `${s.way} in ${s.domain}`);
      d.tell(made, {
        type: "Normal",
        reason: "Found",
        message: `found by ${[...new Set(places)].join(", ")}`,
      });
      return log.info({ peer: made.metadata.name, endpoint: made.spec.authEndpoint }, "a cluster was found");
    }
    const fc = w.cluster;
    if (!fc) return;
    if (e.do === "note") {
      await note(fc, e, signal);
      for (const f of e.farewells) recordFarewell(fc, f);
      return;
    }
    const { name, uid } = fc.metadata;
    d.tell(fc, { type: "Normal", reason: "Withdrawn", message: e.why });
    await d.kube.delete(foreignClusters, name, undefined, { signal, ...(uid ? { uid } : {}) });
    log.info({ peer: name, why: e.why }, "a cluster that was found is withdrawn");
  };

  return async (id, c) => {
    if (!d.owns(id)) return {};
    const w = observe(id);
    const plan = decide(w);
    if (plan.refused) d.refused();
    if (!plan.effect) return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
    try {
      await perform(w, plan.effect, c);
    } catch (err) {
      if (isAlreadyExists(err) || isConflict(err) || isNotFound(err)) return { requeueAfterMs: AGAIN_MS };
      throw err;
    }
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
  };
};

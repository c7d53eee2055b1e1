import {
  make,
  PEER,
  REMOTE_CLUSTER_ID,
  REQUEST_NAME,
  type ResourceOffer,
  resourceOffers,
  resourceRequests,
  TRACEPARENT,
} from "@tideway/api";
import type { Audit } from "@tideway/audit";
import type { Reconcile } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import { withSpan } from "@tideway/telemetry/tracing";
import type { NegotiatorMetrics } from "../metrics.ts";
import type { Share } from "../ports.ts";
import { BASIS, decide, type Effect, type World } from "./decide.ts";
import { tellAudit } from "./audit.ts";
import { observe, type Sources } from "./observe.ts";

export interface Deps extends Sources {
  kube: Pick<Kube, "apply" | "delete">;
  share: Share;
  metrics: NegotiatorMetrics;
  audit: Pick<Audit, "record">;
}

const FIELD_MANAGER = "negotiator";

/** Each effect is idempotent: an apply, or a delete that takes what is gone for success. */
const perform = async (d: Deps, w: World, effect: Effect, signal: AbortSignal): Promise<void> => {
  const { namespace, request, peer } = w;
  const named = (name: string): ResourceOffer | undefined =>
    w.pools.find((p) => p.offer?.metadata.name === name)?.offer;
  const self = (
    o: ResourceOffer | typeof request,
    name: string,
  ): { name: string; namespace: string; uid?: string } => ({
    name,
    namespace,
    ...(o?.metadata.uid ? { uid: o.metadata.uid } : {}), // never make a ghost of what was deleted
  });
  const status = { fieldManager: FIELD_MANAGER, subresource: "status", signal } as const;
  switch (effect.do) {
    case "deleteOffer": {
      const { uid } = named(effect.name)?.metadata ?? {};
      return d.kube.delete(resourceOffers, effect.name, namespace, { signal, ...(uid ? { uid } : {}) });
    }
    case "applyOffer": {
      const trace = request?.metadata.annotations?.[TRACEPARENT];
      const metadata = {
        ...self(named(effect.name), effect.name),
        labels: { [REMOTE_CLUSTER_ID]: peer.id, [PEER]: peer.name },
        annotations: { [BASIS]: effect.basis, ...(trace ? { [TRACEPARENT]: trace } : {}) },
      };
      await d.kube.apply(resourceOffers, make(resourceOffers, { metadata, spec: effect.spec }), {
        fieldManager: FIELD_MANAGER,
        signal,
      });
      return d.metrics.offerWritten();
    }
    case "applyRequestStatus":
      await d.kube.apply(
        resourceRequests,
        { metadata: self(request, REQUEST_NAME), status: effect.status },
        status,
      );
      return d.metrics.decided(effect.status.decision ?? "Pending");
    case "applyOfferStatus":
      await d.kube.apply(
        resourceOffers,
        { metadata: self(named(effect.name), effect.name), status: effect.status },
        status,
      );
  }
};

/** Decides what a peer is offered. The key is the peer's cluster ID. */
export const makeOfferReconciler =
  (d: Deps): Reconcile =>
  async (id, { signal, log }) => {
    const namespace = d.peers.namespaceOf(id, "incoming");
    if (!d.share.keepsBooks() || namespace === undefined) return {};
    const world = observe(d, id, namespace);
    const begun = performance.now();
    const plan = decide(world);
    d.metrics.judged(performance.now() - begun);
    const given = plan.effects.flatMap((e) => (e.do === "applyOffer" ? [e.grant] : []));
    // Nothing is awaited between looking and this promise, so that no two peers are given the same capacity.
    d.grants.promise(namespace, given);
    if (plan.effects.length > 0)
      await withSpan(
        "offer",
        {
          traceparent: world.request?.metadata.annotations?.[TRACEPARENT],
          attributes: { peer: id, effects: plan.effects.map((e) => e.do).join(",") },
        },
        () => Promise.all(plan.effects.map((effect) => perform(d, world, effect, signal))),
      );
    for (const effect of plan.effects) tellAudit(d.audit, world, effect);
    if (world.request && !world.request.status?.decision && plan.verdict) d.metrics.answered(id);
    if (plan.effects.length > 0)
      log.info(
        {
          peer: id,
          namespace,
          effects: plan.effects.map((e) => e.do),
          rule: plan.verdict?.rule,
          reason: plan.verdict?.reason,
        },
        "offer brought up to date",
      );
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
  };

import { make, PEER, REMOTE_CLUSTER_ID, REQUEST_NAME, resourceRequests, TRACEPARENT } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import { withSpan } from "@tideway/telemetry/tracing";
import type { Share } from "../ports.ts";
import { decide, type Effect, type World } from "./decide.ts";
import { observe, type Sources } from "./observe.ts";

export interface Deps extends Sources {
  kube: Pick<Kube, "apply" | "delete">;
  share: Share;
}

const FIELD_MANAGER = "negotiator";

/** The trace of this request: the one that it carries to the peer, before that the one of the identity it needs. */
const causeOf = (d: Deps, id: string, w: World): string | undefined =>
  w.request?.metadata.annotations?.[TRACEPARENT] ?? d.heard.identities.get(id, "outgoing")?.traceparent;

/** Each effect is idempotent: an apply, or a delete that takes what is gone for success. */
const perform = async (
  d: Deps,
  id: string,
  namespace: string,
  w: World,
  effect: Effect,
  traceparent: string,
  signal: AbortSignal,
): Promise<void> => {
  const uid = w.request?.metadata.uid;
  if (effect.do === "deleteRequest")
    return d.kube.delete(resourceRequests, REQUEST_NAME, namespace, { signal, ...(uid ? { uid } : {}) });
  // Written once: what it says does not change with each look at it.
  const trace = w.request?.metadata.annotations?.[TRACEPARENT] ?? traceparent;
  await d.kube.apply(
    resourceRequests,
    make(resourceRequests, {
      metadata: {
        name: REQUEST_NAME,
        namespace,
        ...(uid ? { uid } : {}),
        labels: { [REMOTE_CLUSTER_ID]: id, ...(d.peers.nameOf(id) ? { [PEER]: d.peers.nameOf(id)! } : {}) },
        annotations: { [TRACEPARENT]: trace },
      },
      spec: effect.spec,
    }),
    { fieldManager: FIELD_MANAGER, signal },
  );
};

/** Keeps what this cluster asks of a peer. The key is the peer's cluster ID. */
export const makeRequestReconciler =
  (d: Deps): Reconcile =>
  async (id, { signal, log }) => {
    const namespace = d.peers.namespaceOf(id, "outgoing");
    if (!d.share.owns(id) || namespace === undefined) return {};
    const world = observe(d, id);
    const plan = decide(world);
    for (const effect of plan.effects) {
      const attributes = { peer: id, effect: effect.do };
      await withSpan("request", { traceparent: causeOf(d, id, world), attributes }, (span) =>
        perform(d, id, namespace, world, effect, span.traceparent, signal),
      );
      log.info({ peer: id, namespace, effect: effect.do }, "request brought up to date");
    }
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
  };

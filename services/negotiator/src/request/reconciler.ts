import { make, PEER, REMOTE_CLUSTER_ID, REQUEST_NAME, resourceRequests, TRACEPARENT } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import type { Share } from "../ports.ts";
import { decide, type Effect, type World } from "./decide.ts";
import { observe, type Sources } from "./observe.ts";

export interface Deps extends Sources {
  kube: Pick<Kube, "apply" | "delete">;
  share: Share;
}

const FIELD_MANAGER = "negotiator";

/** Each effect is idempotent: an apply, or a delete that takes what is gone for success. */
const perform = async (
  d: Deps,
  id: string,
  namespace: string,
  w: World,
  effect: Effect,
  signal: AbortSignal,
): Promise<void> => {
  const uid = w.request?.metadata.uid;
  if (effect.do === "deleteRequest")
    return d.kube.delete(resourceRequests, REQUEST_NAME, namespace, { signal, ...(uid ? { uid } : {}) });
  const trace =
    w.request?.metadata.annotations?.[TRACEPARENT] ?? d.heard.identities.get(id, "outgoing")?.traceparent;
  await d.kube.apply(
    resourceRequests,
    make(resourceRequests, {
      metadata: {
        name: REQUEST_NAME,
        namespace,
        ...(uid ? { uid } : {}),
        labels: { [REMOTE_CLUSTER_ID]: id, ...(d.peers.nameOf(id) ? { [PEER]: d.peers.nameOf(id)! } : {}) },
        ...(trace ? { annotations: { [TRACEPARENT]: trace } } : {}),
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
      await perform(d, id, namespace, world, effect, signal);
      log.info({ peer: id, namespace, effect: effect.do }, "request brought up to date");
    }
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
  };

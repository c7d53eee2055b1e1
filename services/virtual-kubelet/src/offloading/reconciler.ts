import {
  type NamespaceOffloading,
  NAMESPACE_OFFLOADING_NAME,
  OFFLOADING,
  OFFLOADING_ENABLED,
} from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { type Informer, type Namespace, type Pod, pods } from "@tideway/k8s";
import type { Bus } from "@tideway/bus";
import { withdrawAddresses } from "../reflection/network/address.ts";
import type { Sources } from "../reflection/sources.ts";
import { decide, type Peer } from "./decide.ts";
import {
  bindReflection,
  type Deps as PerformDeps,
  drain,
  hold,
  label,
  report,
  unbindReflection,
} from "./perform.ts";

export const FINALIZER = "offloading.tideway.dev/pods";

export interface Deps extends PerformDeps {
  bus: Bus;
  offloadings: Informer<NamespaceOffloading>;
  namespaces: Informer<Namespace>;
  sources: Sources;
  /** Virtual nodes that stand, with their maps. */
  peers(): Peer[];
  /** A twin of the namespace is still watched by this replica. */
  isWatched(namespace: string): boolean;
  /** This replica looks after this namespace. */
  owns(namespace: string): boolean;
}

const DRAIN_RECHECK_MS = 1_000;
const CLOSING_RECHECK_MS = 50;

/** Keys are names of namespaces. */
export const makeNamespaceReconciler = (d: Deps): Reconcile => {
  /** Bound to a virtual node. Asked of the server, because other replicas serve other nodes; only while draining. */
  const boundPods = async (namespace: string): Promise<Pod[]> => {
    const nodes = new Set(d.peers().flatMap((p) => p.nodes.map((n) => n.name)));
    const all = await d.kube.list(pods, { namespace, signal: d.signal });
    return all.filter((p) => nodes.has(p.spec?.nodeName ?? ""));
  };

  const publish = (namespace: string, o: Readonly<NamespaceOffloading> | undefined): Promise<void> =>
    d.bus.publish(
      "namespace",
      { peer: "local", id: namespace },
      {
        namespace,
        state: o ? "OFFLOADED" : "GONE",
        strategy: o ? (o.spec.podOffloadingStrategy ?? "LocalAndRemote") : "",
        clusterSelectorJson: o?.spec.clusterSelector?.length ? JSON.stringify(o.spec.clusterSelector) : "",
      },
    );

  const offload = async (namespace: string, o: Readonly<NamespaceOffloading>): Promise<void> => {
    if (!o.metadata.finalizers?.includes(FINALIZER))
      await hold(d, o, [...(o.metadata.finalizers ?? []), FINALIZER]);
    // Reading what pods refer to must be allowed before the first pod may come.
    await bindReflection(d, namespace);
    const isLabelled = d.namespaces.get(namespace)?.metadata.labels?.[OFFLOADING] === OFFLOADING_ENABLED;
    await Promise.all([publish(namespace, o), isLabelled ? undefined : label(d, namespace, true)]);
  };

  const withdraw = async (namespace: string): Promise<void> => {
    await publish(namespace, undefined);
    if (d.namespaces.get(namespace)?.metadata.labels?.[OFFLOADING] !== undefined)
      await label(d, namespace, false);
  };

  return async (namespace) => {
    if (!d.owns(namespace) || !d.offloadings.hasSynced) return {};
    const o = d.offloadings.get(`${namespace}/${NAMESPACE_OFFLOADING_NAME}`);
    if (!o) {
      // Never without its finalizer's work done; the label alone may be left over from a forced deletion.
      if (d.namespaces.get(namespace)?.metadata.labels?.[OFFLOADING] !== undefined) await withdraw(namespace);
      d.sources.drop(namespace);
      return {};
    }
    const isEnding = o.metadata.deletionTimestamp !== undefined;
    if (isEnding) await withdraw(namespace);
    const bound = isEnding ? await boundPods(namespace) : [];
    const plan = decide({ offloading: o, peers: d.peers(), pods: bound.length });
    switch (plan.phase) {
      case "offload":
        await offload(namespace, o);
        await report(d, o, plan.condition, plan.remoteNamespaces);
        return {};
      case "drain":
        await drain(d, bound);
        await report(d, o, plan.condition, []);
        return { requeueAfterMs: DRAIN_RECHECK_MS };
      case "wait":
        await report(d, o, plan.condition, []);
        return { requeueAfterMs: DRAIN_RECHECK_MS };
      case "done":
        if (d.isWatched(namespace)) return { requeueAfterMs: CLOSING_RECHECK_MS };
        await withdrawAddresses(d.kube, namespace, d);
        await unbindReflection(d, namespace);
        d.sources.drop(namespace);
        await hold(
          d,
          o,
          (o.metadata.finalizers ?? []).filter((f) => f !== FINALIZER),
        );
        return {};
    }
  };
};

import type { FactView } from "@tideway/bus";
import type { Informer, Pod } from "@tideway/k8s";
import { claimsOf } from "@tideway/podspec";
import { wantsApiServer } from "../network/api-server.ts";

/**
 * A scheduler that has chosen a node for a pod with new claims writes that at the claims and waits for their volumes,
 * a second at least, before it binds the pod (KEP-490). Over there the same second is due: the pod is sent ahead.
 */
export interface Chosen {
  /**
   * The pod of this key that the scheduler is about to bind to one of the peer's nodes, as it will be then; undefined: there is
   * none, or nobody can tell.
   */
  get(key: string): Readonly<Pod> | undefined;
  /** It is still to be bound, and the scheduler has not given it up. */
  isWaiting(key: string, uid: string): boolean;
}

/** The scheduler has it in hands for the first time, and nobody takes it away. */
const isUndecided = (p: Readonly<Pod>): boolean =>
  p.metadata.deletionTimestamp === undefined &&
  (p.spec?.schedulingGates?.length ?? 0) === 0 &&
  !p.status?.conditions?.some((c) => c.type === "PodScheduled" && c.status === "False");

export const createChosen = (d: {
  clusterID: string;
  /** Pods of this cluster that are bound to no node, indexed by "namespace". */
  waiting: Informer<Pod>;
  localPods: { list(): Readonly<Pod>[] };
  volumes: Pick<FactView<"volume">, "list">;
  /** Its claims wait at the provider for their first pod. */
  awaitsVolumes(pod: Readonly<Pod>): boolean;
}): Chosen => {
  /** Node of a claim that got it just now, and has no volume yet. */
  const nodeOf = (namespace: string, claim: string): string | undefined =>
    d.volumes
      .list()
      .find(
        ({ peer, data }) =>
          peer === d.clusterID &&
          data.state === "PENDING" &&
          data.namespace === namespace &&
          data.claim === claim,
      )?.data.node;
  const others = (namespace: string): Readonly<Pod>[] => [
    ...d.waiting.byIndex("namespace", namespace),
    ...d.localPods.list().filter((p) => p.metadata.namespace === namespace),
  ];
  return {
    get: (key) => {
      const pod = d.waiting.get(key);
      // a way home is made for pods that are bound
      if (!pod || !isUndecided(pod) || wantsApiServer(pod)) return undefined;
      const { namespace = "", uid } = pod.metadata;
      const claims = claimsOf(pod);
      const [nodeName, ...different] = new Set(claims.map((c) => nodeOf(namespace, c)));
      if (!nodeName || different.length > 0) return undefined;
      // with its volumes there it would be bound over there at once, before the API server there knows that it is held
      if (!d.awaitsVolumes(pod)) return undefined;
      // of several that share a claim it is not known for which the node was chosen
      const shared = others(namespace).some(
        (p) => p.metadata.uid !== uid && claimsOf(p).some((c) => claims.includes(c)),
      );
      return shared || !pod.spec ? undefined : { ...pod, spec: { ...pod.spec, nodeName } };
    },
    isWaiting: (key, uid) => {
      const pod = d.waiting.get(key);
      return pod?.metadata.uid === uid && isUndecided(pod);
    },
  };
};

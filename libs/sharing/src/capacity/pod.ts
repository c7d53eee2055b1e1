import type { KubeObject, Pod } from "@tideway/k8s";
import { type Amounts, formatList, podRequests } from "@tideway/quantity";
import { ORIGIN } from "@tideway/api";

/** What the ledger keeps of a pod: thousands of them, so nothing more. */
export interface CountedPod extends KubeObject {
  /** Where it is bound; "" while it waits. */
  node: string;
  /** ID of the peer it was made for, in whose offer its share is counted; "" for this cluster's own. */
  origin: string;
  /** Succeeded or Failed: it holds nothing any more. */
  ended: boolean;
  requests: Amounts;
}

const ENDED = new Set(["Succeeded", "Failed"]);

/** Pods of one Deployment ask the same: their amounts are kept once. */
export const podCounter = (): ((pod: Pod) => CountedPod) => {
  const known = new Map<string, WeakRef<Amounts>>();
  const shared = (amounts: Amounts): Amounts => {
    const key = JSON.stringify(formatList(amounts));
    const kept = known.get(key)?.deref();
    if (kept) return kept;
    known.set(key, new WeakRef(amounts));
    return amounts;
  };
  return (pod) => {
    const { name, namespace = "", resourceVersion = "", labels } = pod.metadata;
    return {
      metadata: { name, namespace, resourceVersion },
      node: pod.spec?.nodeName ?? "",
      origin: labels?.[ORIGIN] ?? "",
      ended: ENDED.has(pod.status?.phase ?? ""),
      requests: shared(podRequests(pod.spec)),
    };
  };
};

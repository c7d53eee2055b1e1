import type { KubeObject, Pod } from "@tideway/k8s";
import {
  addLists,
  type Amounts,
  formatList,
  maxLists,
  NONE,
  parse,
  parseList,
  sumLists,
} from "@tideway/quantity";
import { ORIGIN } from "@tideway/api";

/** What the ledger keeps of a pod: thousands of them, so nothing more. */
export interface CountedPod extends KubeObject {
  /** Where it is bound; "" while it waits. */
  node: string;
  /** Made for a peer: its share is counted in the peer's offer. */
  foreign: boolean;
  /** Succeeded or Failed: it holds nothing any more. */
  ended: boolean;
  requests: Amounts;
}

type Container = NonNullable<Pod["spec"]>["containers"][number];

const requestsOf = (c: { resources?: Container["resources"] | undefined }): Amounts =>
  parseList(c.resources?.requests);

/**
 * What the scheduler reserves for a pod: the containers and the sidecars together, or the most that one step of the
 * initialisation needs, whichever is more; amounts set for the whole pod win; then the overhead. One pod counts as
 * one of `pods`.
 */
export function podRequests(pod: Pod): Amounts {
  const { spec } = pod;
  if (!spec) return ONE_POD;
  let sidecars: Amounts = NONE;
  let initialising: Amounts = NONE;
  for (const c of spec.initContainers ?? []) {
    const own = requestsOf(c);
    if (c.restartPolicy === "Always") sidecars = addLists(sidecars, own);
    initialising = maxLists(initialising, c.restartPolicy === "Always" ? sidecars : addLists(sidecars, own));
  }
  const running = addLists(sidecars, sumLists(spec.containers.map(requestsOf)));
  const whole = new Map([...maxLists(running, initialising), ...requestsOf(spec)]);
  return addLists(addLists(whole, parseList(spec.overhead)), ONE_POD);
}
const ONE_POD: Amounts = new Map([["pods", parse(1)]]);

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
      foreign: labels?.[ORIGIN] !== undefined,
      ended: ENDED.has(pod.status?.phase ?? ""),
      requests: shared(podRequests(pod)),
    };
  };
};

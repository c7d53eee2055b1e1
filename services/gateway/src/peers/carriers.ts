import { ownerOf } from "@tideway/controller";
import type { Pod } from "@tideway/k8s";

export const isReady = (pod: Readonly<Pod> | undefined): boolean =>
  isThere(pod) && (pod?.status?.conditions ?? []).some((c) => c.type === "Ready" && c.status === "True");

const isThere = (pod: Readonly<Pod> | undefined): boolean =>
  pod !== undefined && !pod.metadata.deletionTimestamp;

export interface Replicas {
  self: string;
  /** Who holds a Lease, this replica always among them. */
  members: readonly string[];
  /** Undefined while nothing is known of the gateways' pods: then Leases alone count. */
  pod?: ((name: string) => Readonly<Pod> | undefined) | undefined;
  /** This replica is on its way out. */
  leaving: boolean;
}

/**
 * Who divides the peers. A Lease says within a second or two that a replica is dead; its pod, where the API server
 * saw it go or become unready, says so at once. A new replica takes its share when it is ready, so that a rollout
 * moves no peer to a gateway that is still starting; where nobody is ready, whoever is there does the work.
 */
export const carriers = ({ self, members, pod, leaving }: Replicas): string[] => {
  const staying = leaving ? members.filter((m) => m !== self) : [...members];
  if (pod) {
    const ready = staying.filter((m) => isReady(pod(m)));
    if (ready.length > 0) return ready;
    const there = staying.filter((m) => isThere(pod(m)));
    if (there.length > 0) return there;
    return [self];
  }
  return staying.length > 0 ? staying : [self];
};

export const carries = (r: Replicas, id: string): boolean => ownerOf(id, carriers(r)) === r.self;

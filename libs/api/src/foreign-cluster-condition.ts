/**
 * How a service writes the one condition of a ForeignCluster that is its own: by server-side apply under its name,
 * without watching ForeignClusters. An unchanged condition costs no request after the first.
 */
import { isConflict, isNotFound } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import {
  type Condition,
  type ConditionInput,
  findCondition,
  sameConditions,
  setCondition,
} from "./conditions.ts";
import { foreignClusters } from "./resources.ts";

export interface PeerConditionWriter {
  /**
   * Makes `condition` the peer's, or takes ours away when it is undefined. False where no such ForeignCluster
   * exists (any more), which is no error.
   */
  write(
    peer: string,
    condition: Omit<ConditionInput, "type"> | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;
}

export interface PeerConditionOptions {
  kube: Pick<Kube, "find" | "apply">;
  /** Name of the service: its field manager. */
  service: string;
  /** The condition's type, one of FOREIGN_CLUSTER_CONDITIONS. */
  type: string;
  now?: () => Date;
}

interface Known {
  uid: string | undefined;
  condition: Condition | undefined;
}

export const peerConditionWriter = (o: PeerConditionOptions): PeerConditionWriter => {
  const now = o.now ?? (() => new Date());
  const written = new Map<string, Known>();

  const look = async (peer: string, signal: { signal?: AbortSignal }): Promise<Known | undefined> => {
    const fc = await o.kube.find(foreignClusters, peer, undefined, signal);
    return fc && { uid: fc.metadata.uid, condition: findCondition(fc.status?.conditions, o.type) };
  };

  return {
    write: async (peer, input, abort) => {
      const signal = abort ? { signal: abort } : {};
      const known = written.get(peer) ?? (await look(peer, signal));
      if (!known) return false;
      const before = known.condition ? [known.condition] : [];
      const after = input ? [setCondition(before, { ...input, type: o.type }, now().toISOString())] : [];
      if (sameConditions(before, after)) {
        written.set(peer, known);
        return true;
      }
      written.delete(peer); // whatever happens now, only a success is known
      try {
        const uid = known.uid === undefined ? {} : { uid: known.uid };
        await o.kube.apply(
          foreignClusters,
          { metadata: { name: peer, ...uid }, status: { conditions: after } },
          { fieldManager: o.service, subresource: "status", ...signal },
        );
      } catch (err) {
        if (isNotFound(err)) return false;
        // Another object of that name: what we knew of the old one is void, the next call looks again.
        if (isConflict(err) && (await look(peer, signal))?.uid !== known.uid) return false;
        throw err;
      }
      written.set(peer, { uid: known.uid, condition: after[0] });
      return true;
    },
  };
};

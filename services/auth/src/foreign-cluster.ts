import {
  type Condition,
  foreignClusters,
  FOREIGN_CLUSTER_CONDITIONS,
  sameConditions,
  setCondition,
} from "@tideway/api";
import { isNotFound } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";

export interface Authenticated {
  status: Condition["status"];
  reason: string;
  message: string;
}

/** Writes the condition `Authenticated` of a ForeignCluster, and nothing else of it. */
export interface ConditionWriter {
  /** `undefined` takes the condition back. Writes only what has changed. */
  write(name: string, condition: Authenticated | undefined): Promise<void>;
}

const TYPE = FOREIGN_CLUSTER_CONDITIONS.authenticated;

export const createConditionWriter = (kube: Kube, now: () => number): ConditionWriter => ({
  write: async (name, wanted) => {
    const cluster = await kube.find(foreignClusters, name);
    if (!cluster) return;
    const old = cluster.status?.conditions?.filter((c) => c.type === TYPE) ?? [];
    const conditions = wanted
      ? [setCondition(old, { type: TYPE, ...wanted }, new Date(now()).toISOString())]
      : [];
    if (sameConditions(old, conditions)) return;
    try {
      await kube.apply(
        foreignClusters,
        { metadata: { name }, status: { conditions } },
        { fieldManager: "auth", subresource: "status" },
      );
    } catch (err) {
      if (!isNotFound(err)) throw err; // deleted meanwhile
    }
  },
});

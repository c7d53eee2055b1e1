import {
  type Condition,
  findCondition,
  foreignClusters,
  FOREIGN_CLUSTER_CONDITIONS,
  type Identity,
  sameConditions,
  setCondition,
  type Tenant,
} from "@tideway/api";
import { isNotFound } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { PeerRef } from "./identity/store.ts";
import type { Direction } from "./ports.ts";

export interface Authenticated {
  status: Condition["status"];
  reason: string;
  message: string;
}

type Lines = Partial<Record<Direction, Authenticated | undefined>>;

/** Writes the condition `Authenticated` of a ForeignCluster, and nothing else of it. */
export interface ConditionWriter {
  /** `undefined` takes back what was said of the direction. Writes only what has changed. */
  write(peer: PeerRef, direction: Direction, line: Authenticated | undefined): Promise<void>;
}

export interface ConditionDeps {
  kube: Pick<Kube, "find" | "apply">;
  now(): number;
  /** From the caches, by cluster ID: what was said before a restart, of the direction that has not spoken since. */
  identityOf(clusterID: string): Identity | undefined;
  tenantOf(clusterID: string): Tenant | undefined;
}

const TYPE = FOREIGN_CLUSTER_CONDITIONS.authenticated;
const WORST = ["False", "Unknown", "True"] as const;

/** One condition for both directions: as bad as the worse of them, and telling both. Pure. */
export const combine = ({ outgoing, incoming }: Lines): Authenticated | undefined => {
  if (!outgoing || !incoming) return outgoing ?? incoming;
  const worst = WORST.flatMap((s) => [outgoing, incoming].find((l) => l.status === s) ?? [])[0] ?? outgoing;
  return { ...worst, message: `outgoing: ${outgoing.message}; incoming: ${incoming.message}` };
};

export const createConditionWriter = (d: ConditionDeps): ConditionWriter => {
  const said = new Map<string, Lines>();
  /** The last write about a peer: two directions that speak at once are written one after the other. */
  const tails = new Map<string, Promise<void>>();

  const before = ({ clusterID }: PeerRef): Lines => {
    const outgoing = findCondition(d.identityOf(clusterID)?.status?.conditions, "Ready");
    const incoming = findCondition(d.tenantOf(clusterID)?.status?.conditions, "Ready");
    return { outgoing, incoming: incoming && { ...incoming, reason: `Tenant${incoming.reason}` } };
  };

  const apply = async (name: string, line: Authenticated | undefined): Promise<void> => {
    const cluster = await d.kube.find(foreignClusters, name);
    if (!cluster) return;
    const old = cluster.status?.conditions?.filter((c) => c.type === TYPE) ?? [];
    const wanted = line && { status: line.status, reason: line.reason, message: line.message };
    const conditions = wanted
      ? [setCondition(old, { type: TYPE, ...wanted }, new Date(d.now()).toISOString())]
      : [];
    if (sameConditions(old, conditions)) return;
    try {
      await d.kube.apply(
        foreignClusters,
        { metadata: { name }, status: { conditions } },
        { fieldManager: "auth", subresource: "status" },
      );
    } catch (err) {
      if (!isNotFound(err)) throw err; // deleted meanwhile
    }
  };

  return {
    write: async (peer, direction, line) => {
      const lines: Lines = { ...before(peer), ...said.get(peer.clusterID), [direction]: line };
      if (lines.outgoing || lines.incoming) said.set(peer.clusterID, lines);
      else said.delete(peer.clusterID);
      const last = tails.get(peer.clusterID) ?? Promise.resolve();
      const next = last.catch(() => undefined).then(() => apply(peer.name, combine(lines)));
      tails.set(peer.clusterID, next);
      await next.finally(() => {
        if (tails.get(peer.clusterID) === next) tails.delete(peer.clusterID);
      });
    },
  };
};

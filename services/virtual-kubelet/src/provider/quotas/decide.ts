import { offerName, ORIGIN, PEER, type ResourceList, type TenantQuota } from "@tideway/api";
import type { FactOf } from "@tideway/protos";

type Offer = Pick<FactOf["offer"], "state" | "resources" | "pools">;

export interface World {
  /** Cluster ID of the tenant. */
  origin: string;
  peer: string;
  /** The tenant's namespace; undefined: its identity is not known, or not granted. */
  namespace: string | undefined;
  /** What this cluster offers it. */
  offer: Readonly<Offer> | undefined;
  /** Names of the quotas that it has. */
  standing: readonly string[];
}

export type Wanted = Pick<TenantQuota, "metadata" | "spec">;

const NOTHING: ResourceList = { cpu: "0", memory: "0", pods: "0" };

/** What all volumes of a storage class may hold, by ResourceQuota's name for it, where the offer bounds it. */
const storageOf = ({ pools }: Readonly<Offer>): ResourceList =>
  Object.fromEntries(
    pools
      .flatMap((p) => p.storageClasses)
      .filter((c) => c.capacity !== "")
      .map((c) => [`${c.name}.storageclass.storage.k8s.io/requests.storage`, c.capacity]),
  );

/**
 * By name of the offer. What is not offered any more stands at nothing: its ledger tells what is still held. Claims
 * know of no pool: they are charged to the offer of the nodes in none, which so has the storage of all.
 */
const hardOf = ({ offer, standing }: World): ReadonlyMap<string, ResourceList> => {
  const ended = new Map(standing.map((name) => [name, NOTHING]));
  switch (offer?.state) {
    case "OFFERED":
    case "ACCEPTED": {
      const own = offer.pools.find((p) => p.name === "");
      const rest = offer.pools.length === 0 ? offer.resources : NOTHING;
      return new Map<string, ResourceList>([
        ...ended,
        ...offer.pools.map((p) => [offerName(p.name), p.resources] as const),
        [offerName(""), { ...(own?.resources ?? rest), ...storageOf(offer) }],
      ]);
    }
    case "REFUSED":
    case "GONE":
      return ended;
    default: // nothing is known for sure, so what stands stays
      return new Map();
  }
};

/** The quotas as they have to be; what is not named is left as it is. They go with the tenant's namespace. */
export const decide = (w: World): Wanted[] => {
  const { namespace } = w;
  if (namespace === undefined) return [];
  return [...hardOf(w)].map(([name, hard]) => ({
    metadata: { name, namespace, labels: { [ORIGIN]: w.origin, [PEER]: w.peer } },
    spec: { clusterID: w.origin, peer: w.peer, hard },
  }));
};

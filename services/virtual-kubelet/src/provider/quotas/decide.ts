import { OFFER_NAME, ORIGIN, PEER, type ResourceList, type TenantQuota } from "@tideway/api";
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
  /** There is a quota already. */
  stands: boolean;
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

/** Undefined: nothing is known for sure, so what stands stays. */
const hardOf = ({ offer, stands }: World): ResourceList | undefined => {
  switch (offer?.state) {
    case "OFFERED":
    case "ACCEPTED":
      return { ...offer.resources, ...storageOf(offer) };
    case "REFUSED":
    case "GONE":
      return stands ? NOTHING : undefined;
    default:
      return undefined;
  }
};

/** The quota as it has to be; undefined: leave what is there. It goes with the tenant's namespace. */
export const decide = (w: World): Wanted | undefined => {
  const hard = hardOf(w);
  if (w.namespace === undefined || hard === undefined) return undefined;
  return {
    metadata: {
      name: OFFER_NAME,
      namespace: w.namespace,
      labels: { [ORIGIN]: w.origin, [PEER]: w.peer },
    },
    spec: { clusterID: w.origin, peer: w.peer, hard },
  };
};

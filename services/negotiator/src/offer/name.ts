import { OFFER_NAME } from "@tideway/api";

/** Name of the offer of a node pool; "": of the nodes in none. */
export const offerName = (pool: string): string => (pool === "" ? OFFER_NAME : `${OFFER_NAME}-${pool}`);

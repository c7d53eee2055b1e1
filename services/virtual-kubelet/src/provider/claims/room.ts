import { OFFER_NAME, tenantNamespace } from "@tideway/api";
import { type Amounts, parseList } from "@tideway/quantity";
import type { Account, Ledger, Verdict } from "@tideway/quota";

/** What a claim holds of its tenant's offer. */
export interface Wish {
  /** Peer name of the consumer. */
  peer: string;
  /** UID of the ShadowClaim. */
  uid: string;
  className: string;
  /** Kubernetes quantity: all of it, not what is added. */
  size: string;
}

/** The room of claims in the ledger of their tenants. Reserved before a claim is made or grows, given back after it. */
export interface Room {
  /** Refused: `whenRoom` is called once, when it would fit. */
  take(wish: Wish, whenRoom: () => void): Promise<Verdict>;
  /** Counts what stands already, whatever the cap. */
  count(wish: Wish): void;
  giveBack(peer: string, uid: string): void;
}

const accountOf = (peer: string): Account => ({ namespace: tenantNamespace(peer), name: OFFER_NAME });
const holderOf = (uid: string) => ({ kind: "claims", uid }) as const;

/** By the names that ResourceQuota has for them. */
const amountsOf = ({ className, size }: Wish): Amounts =>
  parseList({
    persistentvolumeclaims: "1",
    "requests.storage": size,
    [`${className}.storageclass.storage.k8s.io/requests.storage`]: size,
  });

export const createRoom = (ledger: Ledger): Room => ({
  take: (wish, whenRoom) =>
    ledger.reserve(accountOf(wish.peer), holderOf(wish.uid), amountsOf(wish), whenRoom),
  count: (wish) => ledger.count(accountOf(wish.peer), holderOf(wish.uid), amountsOf(wish)),
  giveBack: (peer, uid) => ledger.release(accountOf(peer), holderOf(uid)),
});

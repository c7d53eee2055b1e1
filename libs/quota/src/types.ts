/** The TenantQuota that is charged: one for each offer, in the tenant's namespace, named as the offer. */
export interface Account {
  /** `tideway-tenant-<peer>`. */
  namespace: string;
  /** Name of the ResourceOffer: `offer`, or `offer-<pool>`. */
  name: string;
}

/** Who looks after a holder: each service gives back only what is of its own kind. */
export type HolderKind = "pods" | "claims";

/** What room is held for. */
export interface Holder {
  kind: HolderKind;
  /** UID that this cluster's API server gave: a peer can neither choose nor use it twice. */
  uid: string;
}

/** One resource of which there is too little. `offered` is undefined where the offer does not name it. */
export interface Exceeded {
  resource: string;
  asked: string;
  used: string;
  offered: string | undefined;
}

export type Verdict =
  /** `heldBefore`: room was held for it already, by this process, an earlier one or another replica. */
  | { granted: true; heldBefore?: true }
  | {
      granted: false;
      /** `NoOffer`: nothing was offered to this tenant, or not any more. */
      reason: "QuotaExceeded" | "NoOffer";
      exceeded: readonly Exceeded[];
      /** For people: `cpu: asked 2, used 7 of 8`. */
      message: string;
    };

import { findCondition, type ShadowClaim, type ShadowClaimSpec } from "@tideway/api";
import type { FactInput, FactOf } from "@tideway/protos";
import { compare, parse } from "@tideway/quantity";

/** What storage-fabric says about a claim whose data is at the peer. */
export type Wish = FactOf["volume"];
export type Answer = FactInput<"claim">;

export interface World {
  /** Undefined: nothing is said, which is no reason to do anything. */
  wish: Readonly<Wish> | undefined;
  /** UID of the claim. */
  uid: string;
  /** The ShadowClaim made for this claim. */
  shadow: Readonly<ShadowClaim> | undefined;
  /** The name is held by the ShadowClaim of an earlier claim. */
  nameHeld: boolean;
  /** The twin of the claim's namespace is there. */
  offloaded: boolean;
  /** The caches have synced, and the peer answers. */
  known: boolean;
  /** Name of the peer. */
  peer: string;
}

export type Effect =
  | { do: "create"; spec: ShadowClaimSpec }
  | { do: "patch"; uid: string; spec: Partial<ShadowClaimSpec> }
  | { do: "delete"; uid: string };

export interface Plan {
  effects: Effect[];
  /** What storage-fabric is to know; undefined: what was said last stays. */
  answer?: Pick<Answer, "state" | "reason" | "message" | "volume" | "class" | "capacity" | "deleteData">;
  recheckMs?: number;
}

/** An earlier claim of the name has to go first, in ms. */
const NAME_HELD_MS = 250;

const specOf = (w: Readonly<Wish>, uid: string): ShadowClaimSpec => ({
  originUID: uid,
  originNamespace: w.namespace,
  ...(w.class ? { storageClassName: w.class } : {}),
  size: w.size,
  accessModes: w.accessModes as ShadowClaimSpec["accessModes"],
  volumeMode: w.volumeMode === "Block" ? "Block" : "Filesystem",
  ...(w.expectData ? { expectData: true } : {}),
  ...(w.deleteData ? { deleteData: true } : {}),
  ...(w.regions.length > 0 ? { regions: [...w.regions] } : {}),
});

const changes = (w: Readonly<Wish>, shadow: Readonly<ShadowClaim>): Partial<ShadowClaimSpec> => ({
  ...(compare(parse(w.size), parse(shadow.spec.size)) > 0 ? { size: w.size } : {}),
  ...(w.expectData && !shadow.spec.expectData ? { expectData: true } : {}),
  ...((shadow.spec.deleteData ?? false) !== w.deleteData ? { deleteData: w.deleteData } : {}),
});

const STATES = {
  Pending: "PENDING",
  Accepted: "ACCEPTED",
  Bound: "BOUND",
  Refused: "REFUSED",
  Lost: "LOST",
} as const;

const answerOf = (shadow: Readonly<ShadowClaim>): NonNullable<Plan["answer"]> => {
  const { phase, volumeName, storageClassName, capacity, conditions } = shadow.status ?? {};
  const c = findCondition(conditions, "Ready");
  return {
    state: phase ? STATES[phase] : "PENDING",
    reason: c?.reason ?? "Asked",
    message: c?.message ?? "the peer has not answered yet",
    volume: volumeName ?? "",
    class: storageClassName ?? "",
    capacity: capacity ?? "",
    deleteData: shadow.spec.deleteData ?? false,
  };
};

const deleting = (w: World, deleteData: boolean): NonNullable<Plan["answer"]> => ({
  state: "PENDING",
  reason: "Deleting",
  message: `${w.peer} takes its claim away`,
  deleteData,
});

/**
 * There is data, and the peer has not heard yet that it goes. It hears it from a ShadowClaim that it has looked at: one
 * that is going, or was never seen, takes the data of nobody away. The absence of a ShadowClaim says nothing, for
 * it is also between two names.
 */
const announceEnd = (w: World, wish: Readonly<Wish>): Plan => {
  const { shadow } = w;
  if (!shadow)
    return w.nameHeld
      ? { effects: [], recheckMs: NAME_HELD_MS }
      : { effects: [{ do: "create", spec: { ...specOf(wish, w.uid), deleteData: true } }] };
  if (shadow.metadata.deletionTimestamp !== undefined) return { effects: [], answer: deleting(w, false) };
  if (!shadow.spec.deleteData)
    return { effects: [{ do: "patch", uid: shadow.metadata.uid ?? "", spec: { deleteData: true } }] };
  return { effects: [], answer: deleting(w, shadow.status?.phase !== undefined) };
};

const withdraw = (w: World, wish: Readonly<Wish>): Plan => {
  const { shadow } = w;
  const deleteData = wish.state === "DELETING";
  if (!w.offloaded)
    return deleteData
      ? {
          effects: [],
          answer: {
            state: "PENDING",
            reason: "NamespaceNotOffloaded",
            message: `the namespace has no twin at ${w.peer}: its owner keeps the data until he evicts it, or the namespace is offloaded again`,
          },
        }
      : { effects: [], answer: { state: "GONE", reason: "Withdrawn", message: "nothing is asked any more" } };
  if (!w.known) return { effects: [] };
  if (deleteData && wish.expectData) return announceEnd(w, wish);
  if (!shadow)
    return {
      effects: [],
      answer: {
        state: "GONE",
        reason: deleteData ? "Deleted" : "Withdrawn",
        message: deleteData ? "the peer deletes the data" : "nothing is asked any more",
      },
    };
  const uid = shadow.metadata.uid ?? "";
  const said: Effect[] =
    deleteData && !shadow.spec.deleteData ? [{ do: "patch", uid, spec: { deleteData: true } }] : [];
  const deleted: Effect[] = shadow.metadata.deletionTimestamp === undefined ? [{ do: "delete", uid }] : [];
  return { effects: [...said, ...deleted], answer: deleting(w, shadow.spec.deleteData ?? false) };
};

/** One claim at one peer: what storage-fabric wants against what is there. */
export const decide = (w: World): Plan => {
  const { wish, shadow } = w;
  if (!wish) return { effects: [] };
  if (wish.state === "DELETING" || wish.state === "GONE") return withdraw(w, wish);
  if (!w.offloaded)
    return {
      effects: [],
      answer: {
        state: "PENDING",
        reason: "NamespaceNotOffloaded",
        message: `namespace ${wish.namespace} has no twin at ${w.peer} (yet): offload it`,
      },
    };
  if (!w.known) return { effects: [] };
  if (!shadow) {
    if (w.nameHeld) return { effects: [], recheckMs: NAME_HELD_MS };
    // of kept data nothing is asked, unless there is some to be told apart from other data of the name
    return wish.state === "KEPT" && !wish.expectData
      ? { effects: [] }
      : { effects: [{ do: "create", spec: specOf(wish, w.uid) }] };
  }
  const going = shadow.metadata.deletionTimestamp !== undefined;
  // the data has another claim now: a ShadowClaim has the name of its claim, and the data outlives it
  if (shadow.metadata.name !== wish.claim) {
    const uid = shadow.metadata.uid ?? "";
    if (going) return { effects: [] };
    return {
      effects: [
        shadow.spec.deleteData ? { do: "patch", uid, spec: { deleteData: false } } : { do: "delete", uid },
      ],
    };
  }
  if (going) return { effects: [], answer: answerOf(shadow) };
  const spec = changes(wish, shadow);
  const patch: Effect[] =
    Object.keys(spec).length > 0 ? [{ do: "patch", uid: shadow.metadata.uid ?? "", spec }] : [];
  return { effects: patch, answer: answerOf(shadow) };
};

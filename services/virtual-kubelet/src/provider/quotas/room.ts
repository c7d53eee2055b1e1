import { offerName, PEER, POOL, type ShadowPod, tenantNamespace } from "@tideway/api";
import type { Namespace, Pod } from "@tideway/k8s";
import type { Amounts } from "@tideway/quantity";
import { type Account, type Ledger, podAmounts, type Verdict } from "@tideway/quota";
import type { Clock } from "../../ports.ts";
import { ownerOf } from "../shadow-pods/decide.ts";

/** What a key of the ShadowPod reconciler looks like now. */
export interface Seen {
  shadow: Readonly<ShadowPod> | undefined;
  pod: Readonly<Pod> | undefined;
  concluded: boolean;
}

/** How making a pod went. `unknown`: it was not answered, so the pod may still come. */
export type Outcome = "made" | "not made" | "unknown";

/** `waitMs`: somebody may be making the pod at this moment; who else wants to, looks again after that. */
export type Turn = Verdict | { granted: true; waitMs: number };

/**
 * A pod that is made is seen by every replica after this long, in ms, and a request to make one is over. Until then
 * nobody makes it again and its room is not given back: a second pod would have none.
 */
export const MAKING_MS = 5_000;

/** The room of pods in the ledger of their tenants. Reserved before a pod is made, given back when it is over. */
export interface Room {
  /** Resolves when room is stored for the pod of the ShadowPod; refused, the key is looked at again when there is room. */
  reserve(
    key: string,
    twin: Readonly<Namespace>,
    shadow: Readonly<ShadowPod>,
    amounts: Amounts,
  ): Promise<Turn>;
  /** The pod was made, or it was tried: it is the caches' to tell of now. */
  tried(shadow: Readonly<ShadowPod>, outcome: Outcome): void;
  /** Brings the ledger up to what is seen: counts a pod that stands without, gives back what nothing stands for. */
  settle(key: string, twin: Readonly<Namespace>, seen: Seen): Promise<void>;
  isBusy(shadowUid: string): boolean;
}

const TERMINAL: readonly (string | undefined)[] = ["Succeeded", "Failed"];
/** The pod holds no room any more, though it may still be in the API. */
export const isOver = (pod: Readonly<Pod>): boolean => TERMINAL.includes(pod.status?.phase);

/** The ledger of the offer of a node pool; "": of the nodes in none. */
const accountOf = (twin: Readonly<Namespace>, pool = ""): Account => ({
  namespace: tenantNamespace(twin.metadata.labels?.[PEER] ?? ""),
  name: offerName(pool),
});
/** The pod says it by its label, which only this cluster can write. */
const poolOf = (uid: string, { shadow, pod }: Seen): string | undefined => {
  if (pod && ownerOf(pod) === uid) return pod.metadata.labels?.[POOL] ?? "";
  return shadow?.metadata.uid === uid ? (shadow.spec.pool ?? "") : undefined;
};
const holder = (uid: string) => ({ kind: "pods", uid }) as const;

/** UID of the ShadowPod that room has to be held for now: one that has, or shall get, a pod that is not over. */
const holderOf = ({ shadow, pod, concluded }: Seen): string | undefined => {
  if (pod) return isOver(pod) ? undefined : ownerOf(pod);
  if (!shadow || concluded || shadow.metadata.deletionTimestamp) return undefined;
  return shadow.metadata.uid;
};

export interface RoomDeps {
  ledger: Ledger;
  /** The key is to be looked at again. */
  wake(key: string): void;
  /** Room is held of which this process cannot tell whether a pod stands, or will: the sweep of the tenant looks. */
  doubt(twin: Readonly<Namespace>): void;
  clock: Clock;
  /** Whether the pod stands and is not over, by the API server's own word: a cache may be behind. */
  stands(pod: Readonly<Pod>): Promise<boolean>;
}

/** What this process knows of room that is held. Lost with the process: then the sweep finds it. */
interface Hold {
  uid: string;
  pool: string;
  /** This process makes the pod; `false`: room was there before it came. */
  isOurs: boolean;
  /** Since when a pod may have been made that is not seen yet. */
  makingSince?: number | undefined;
  /** From asking for room until the pod is seen, or was not made. */
  isBusy: boolean;
  /** The pod was seen, or could not be made: only then does "no pod" mean that none will come. */
  isSure: boolean;
}

export const createRoom = ({ ledger, wake, doubt, clock, stands }: RoomDeps): Room => {
  const holds = new Map<string, Hold>();
  const byKey = new Map<string, Set<Hold>>();

  const holdOf = (key: string, uid: string, pool: string): Hold => {
    const hold = holds.get(uid) ?? { uid, pool, isOurs: false, isBusy: false, isSure: false };
    holds.set(uid, hold);
    byKey.set(key, (byKey.get(key) ?? new Set()).add(hold));
    return hold;
  };
  const forget = (key: string, uid: string): Hold | undefined => {
    const hold = holds.get(uid);
    if (!hold) return undefined;
    holds.delete(uid);
    byKey.get(key)?.delete(hold);
    if (byKey.get(key)?.size === 0) byKey.delete(key);
    return hold;
  };

  const giveBack = (
    key: string,
    account: Account,
    twin: Readonly<Namespace>,
    uid: string,
    isOver: boolean,
  ): void => {
    const hold = forget(key, uid);
    if (isOver || hold?.isSure) return ledger.release(account, holder(uid));
    ledger.leave(account, holder(uid));
    if (hold) doubt(twin);
  };

  const take = (hold: Hold, heldBefore: boolean): Turn => {
    if (!heldBefore) hold.isOurs = true;
    else if (!hold.isOurs) hold.makingSince ??= clock.now();
    const waitMs = (hold.makingSince ?? Number.NEGATIVE_INFINITY) + MAKING_MS - clock.now();
    hold.isBusy = waitMs <= 0;
    if (waitMs > 0) return { granted: true, waitMs };
    hold.isOurs = true;
    hold.makingSince = clock.now();
    return { granted: true };
  };

  return {
    reserve: async (key, twin, shadow, amounts) => {
      const uid = shadow.metadata.uid ?? "";
      const pool = shadow.spec.pool ?? "";
      const hold = holdOf(key, uid, pool);
      hold.isBusy = true;
      try {
        const verdict = await ledger.reserve(accountOf(twin, pool), holder(uid), amounts, () => wake(key));
        if (verdict.granted) return take(hold, verdict.heldBefore ?? false);
        forget(key, uid);
        return verdict;
      } catch (err) {
        hold.isBusy = false;
        throw err;
      }
    },
    tried: (shadow, outcome) => {
      const hold = holds.get(shadow.metadata.uid ?? "");
      if (!hold) return;
      hold.isBusy = outcome === "made";
      if (outcome !== "not made") return;
      hold.isSure = true;
      hold.makingSince = undefined;
    },
    settle: async (key, twin, seen) => {
      const shadow = seen.shadow?.metadata.uid;
      const owner = seen.pod && ownerOf(seen.pod);
      if (owner)
        Object.assign(holdOf(key, owner, poolOf(owner, seen) ?? ""), {
          isBusy: false,
          isSure: true,
          makingSince: undefined,
        });
      const now = holderOf(seen);
      const accountFor = (uid: string): Account => accountOf(twin, holds.get(uid)?.pool ?? poolOf(uid, seen));
      const uids = new Set([...(byKey.get(key) ?? [])].map((h) => h.uid));
      if (shadow) uids.add(shadow);
      for (const uid of uids)
        if (uid !== now && !holds.get(uid)?.isBusy)
          giveBack(key, accountFor(uid), twin, uid, uid === shadow && seen.concluded);
      if (!seen.pod?.spec || now === undefined) return;
      const account = accountFor(now);
      // In this order: what another replica gave back was over before, so it is over when it is asked for.
      if ((await ledger.holds(account, holder(now))) || !(await stands(seen.pod))) return;
      ledger.count(account, holder(now), podAmounts(seen.pod.spec));
    },
    isBusy: (uid) => holds.get(uid)?.isBusy ?? false,
  };
};

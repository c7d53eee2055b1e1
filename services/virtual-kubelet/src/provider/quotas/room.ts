import { OFFER_NAME, PEER, type ShadowPod, tenantNamespace } from "@tideway/api";
import type { Namespace, Pod } from "@tideway/k8s";
import type { Amounts } from "@tideway/quantity";
import { type Account, type Ledger, podAmounts, type Verdict } from "@tideway/quota";
import { ownerOf } from "../shadow-pods/decide.ts";

/** What a key of the ShadowPod reconciler looks like now. */
export interface Seen {
  shadow: Readonly<ShadowPod> | undefined;
  pod: Readonly<Pod> | undefined;
  concluded: boolean;
}

/** The room of pods in the ledger of their tenants. Reserved before a pod is made, given back when it is over. */
export interface Room {
  /** Resolves when room is stored for the pod of the ShadowPod; refused, the key is looked at again when there is room. */
  reserve(
    key: string,
    twin: Readonly<Namespace>,
    shadow: Readonly<ShadowPod>,
    amounts: Amounts,
  ): Promise<Verdict>;
  /** The pod was made, or it was tried: it is the caches' to tell of now. */
  tried(shadow: Readonly<ShadowPod>, made: boolean): void;
  /** Brings the ledger up to what is seen: counts a pod that stands without, gives back what nothing stands for. */
  settle(key: string, twin: Readonly<Namespace>, seen: Seen): Promise<void>;
  isBusy(shadowUid: string): boolean;
}

const TERMINAL: readonly (string | undefined)[] = ["Succeeded", "Failed"];
/** The pod holds no room any more, though it may still be in the API. */
export const isOver = (pod: Readonly<Pod>): boolean => TERMINAL.includes(pod.status?.phase);

const accountOf = (twin: Readonly<Namespace>): Account => ({
  namespace: tenantNamespace(twin.metadata.labels?.[PEER] ?? ""),
  name: OFFER_NAME,
});
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
  /** Whether the pod stands and is not over, by the API server's own word: a cache may be behind. */
  stands(pod: Readonly<Pod>): Promise<boolean>;
}

export const createRoom = ({ ledger, wake, stands }: RoomDeps): Room => {
  /** UIDs for which this process holds room, by key. Lost with the process: then the sweep finds them. */
  const held = new Map<string, Set<string>>();
  /** From the reservation until the pod is seen, or was not made. */
  const busy = new Set<string>();

  const note = (key: string, uid: string): void => void held.set(key, (held.get(key) ?? new Set()).add(uid));
  const giveBack = (account: Account, key: string, uid: string): void => {
    const uids = held.get(key);
    uids?.delete(uid);
    if (uids?.size === 0) held.delete(key);
    ledger.release(account, holder(uid));
  };

  return {
    reserve: async (key, twin, shadow, amounts) => {
      const uid = shadow.metadata.uid ?? "";
      busy.add(uid);
      try {
        const verdict = await ledger.reserve(accountOf(twin), holder(uid), amounts, () => wake(key));
        if (verdict.granted) note(key, uid);
        else busy.delete(uid);
        return verdict;
      } catch (err) {
        busy.delete(uid);
        throw err;
      }
    },
    tried: (shadow, made) => {
      if (!made) busy.delete(shadow.metadata.uid ?? "");
    },
    settle: async (key, twin, seen) => {
      const account = accountOf(twin);
      const owner = seen.pod && ownerOf(seen.pod);
      if (owner) busy.delete(owner);
      const now = holderOf(seen);
      for (const uid of held.get(key) ?? []) if (uid !== now && !busy.has(uid)) giveBack(account, key, uid);
      const over = [seen.shadow?.metadata.uid, owner].filter((uid) => uid !== undefined && uid !== now);
      for (const uid of over) if (!busy.has(uid ?? "")) giveBack(account, key, uid ?? "");
      if (!seen.pod?.spec || now === undefined) return;
      note(key, now);
      // In this order: what another replica gave back was over before, so it is over when it is asked for.
      if ((await ledger.holds(account, holder(now))) || !(await stands(seen.pod))) return;
      ledger.count(account, holder(now), podAmounts(seen.pod.spec));
    },
    isBusy: (uid) => busy.has(uid),
  };
};

import { findCondition, HELD, ORIGIN, ORIGIN_UID, type ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import { type Addresses, endedStatus, isTerminal, isUrgent, statusChange } from "./status.ts";

export interface World {
  /** The local pod bound to the virtual node. */
  local: Readonly<Pod> | undefined;
  /** Without it: the pod that the scheduler is about to bind to the virtual node. */
  chosen?: Readonly<Pod> | undefined;
  /** The ShadowPod is for another pool of the provider's nodes than the pod was bound to. */
  misplaced?: boolean;
  /** The pod that the ShadowPod was sent ahead for is still about to be bound. */
  awaited?: boolean;
  /** ShadowPod and pod of the same name in the twin namespace. */
  shadow: Readonly<ShadowPod> | undefined;
  remote: Readonly<Pod> | undefined;
  /** The provider has made a twin of the pod's namespace. */
  offloaded: boolean;
  /** All caches have synced: what is not in them does not exist. */
  known: boolean;
  /** The provider answers. While it does not, what the caches say of it is history. */
  healthy: boolean;
  /** We made a ShadowPod for this UID and the cache has not shown it yet. */
  inFlight: boolean;
  /** Ms since a change that can wait was first seen; 0 when there is none. */
  waitedMs: number;
  /** Hash of what was last forwarded, on the ShadowPod, and as it should be. Equal where there is no ShadowPod. */
  forwarded: { is: string | undefined; want: string | undefined };
  /** What a claim of the pod waits for; undefined: nothing. */
  missingClaim?: string | undefined;
  /** The owner of the virtual node wants pods kept while the provider is away. */
  hold: boolean;
  /** Where this cluster reaches the pod; undefined while that is not known. */
  addresses: Addresses | undefined;
  nowIso: string;
}

export type Effect =
  /** `held`: sent ahead of the binding. */
  | { do: "createShadow"; held?: true }
  /** The pod is bound here: the one over there may be too. */
  | { do: "letRun"; uid: string }
  /** Delete a ShadowPod that was sent ahead, unless its pod was bound after all and the cache does not show it yet. */
  | { do: "callBack"; uid: string; originUID: string }
  | { do: "forward" }
  /** Let the pod stay on a node that does not answer, for as long as it takes. */
  | { do: "tolerate"; uid: string; tolerations: Toleration[] }
  /** Delete the ShadowPod with this UID; the grace is told before where it is not that of the spec. */
  | { do: "deleteShadow"; uid: string; gracePeriodSeconds?: number }
  /** The provider is done with it: take the local pod out of the API. */
  | { do: "finish"; uid: string }
  | {
      do: "status";
      uid: string;
      change: Record<string, unknown>;
      event?: { reason: string; message: string };
    };

type Toleration = NonNullable<NonNullable<Pod["spec"]>["tolerations"]>[number];

export interface Plan {
  effects: Effect[];
  recheckMs?: number;
}

/** How long changes on the way to Running are gathered, so that an ordinary start is one write. */
export const GATHER_MS = 1_000;

const NOTHING: Plan = { effects: [] };
const originOf = (remote: Readonly<Pod> | undefined): string | undefined =>
  remote?.metadata.annotations?.[ORIGIN_UID];

/** Once the pod ran over there, or said so here, the same UID never starts again. */
const hasStarted = (local: Readonly<Pod>): boolean =>
  local.status?.startTime !== undefined ||
  (local.status?.containerStatuses?.length ?? 0) > 0 ||
  local.status?.phase === "Running";

const say = (
  local: Readonly<Pod>,
  change: Record<string, unknown> | undefined,
  event?: { reason: string; message: string },
): Effect[] =>
  change ? [{ do: "status", uid: local.metadata.uid ?? "", change, ...(event ? { event } : {}) }] : [];

const fail = (local: Readonly<Pod>, reason: string, message: string, at: string): Plan => ({
  effects: say(local, endedStatus("Failed", reason, message, at), { reason, message }),
});

/** Only said where it is new: kubectl shows reason in the STATUS column, and the message in describe. */
const wait = (local: Readonly<Pod>, reason: string, message: string): Plan => {
  if (local.status?.reason === reason && local.status.message === message) return NOTHING;
  return { effects: say(local, { reason, message }, { reason, message }) };
};

const deleteShadow = (w: World, shadow: Readonly<ShadowPod>): Effect[] => {
  const uid = shadow.metadata.uid ?? "";
  const grace = w.local?.metadata.deletionGracePeriodSeconds;
  const usual = w.local?.spec?.terminationGracePeriodSeconds ?? 30;
  const differs = grace !== undefined && grace !== usual && shadow.spec.gracePeriodSeconds !== grace;
  return [{ do: "deleteShadow", uid, ...(differs ? { gracePeriodSeconds: grace } : {}) }];
};

const deleting = (w: World, local: Readonly<Pod>, mine: boolean): Plan => {
  if (!w.offloaded) return { effects: [{ do: "finish", uid: local.metadata.uid ?? "" }] };
  if (!w.healthy || w.inFlight) return NOTHING; // the provider's return, or the cache, wakes us
  if (w.shadow) return { effects: deleteShadow(w, w.shadow) };
  const isLast = !mine || w.remote === undefined;
  // Who keeps a finalizer on the pod (the Job controller) wants to read how it ended.
  const isRead = (local.metadata.finalizers?.length ?? 0) > 0;
  const ended =
    isRead && mine && w.remote && isTerminal(w.remote) && !isTerminal(local)
      ? statusChange(local, w.remote, w.addresses)
      : undefined;
  return {
    effects: [
      ...say(local, ended),
      ...(isLast ? [{ do: "finish", uid: local.metadata.uid ?? "" } as const] : []),
    ],
  };
};

/** The provider has written down that it refused the pod, or how it ended. */
const concluded = (w: World, local: Readonly<Pod>, shadow: Readonly<ShadowPod>): Plan | undefined => {
  const c = findCondition(shadow.status?.conditions, "Ready");
  const phase = shadow.status?.phase;
  if (!c || c.status !== "False") return undefined;
  if (phase === "Failed" || phase === "Succeeded") {
    if (w.remote && !isTerminal(w.remote) && w.remote.metadata.deletionTimestamp === undefined)
      return undefined;
    const change = endedStatus(phase, c.reason, c.message, w.nowIso);
    return {
      effects: say(local, change, phase === "Failed" ? { reason: c.reason, message: c.message } : undefined),
    };
  }
  return w.remote ? undefined : wait(local, c.reason, c.message);
};

const copyBack = (w: World, local: Readonly<Pod>, remote: Readonly<Pod>): Plan => {
  const change = statusChange(local, remote, w.addresses);
  if (!change) return NOTHING;
  if (isUrgent(local, remote, w.addresses) || w.waitedMs >= GATHER_MS) return { effects: say(local, change) };
  return { effects: [], recheckMs: GATHER_MS - w.waitedMs };
};

const OUTAGES = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** Kubernetes evicts by the shortest time tolerated, so the usual 300 s must go; that much may be changed in a pod. */
const keep = (local: Readonly<Pod>): Plan => {
  const have = local.spec?.tolerations ?? [];
  const isOutage = (t: Toleration): boolean => OUTAGES.includes(t.key ?? "") && t.effect === "NoExecute";
  const forever = (t: Toleration): boolean =>
    isOutage(t) && t.operator === "Exists" && (t.tolerationSeconds ?? null) === null;
  if (
    OUTAGES.every((key) => have.some((t) => t.key === key && forever(t))) &&
    have.every((t) => !isOutage(t) || forever(t))
  )
    return NOTHING;
  const rest = have.map((t): Toleration => {
    if (!isOutage(t)) return t;
    const { tolerationSeconds: _, ...unbounded } = t;
    return unbounded;
  });
  const missing = OUTAGES.filter((key) => !rest.some((t) => t.key === key && forever(t)));
  const added = missing.map((key): Toleration => ({ key, operator: "Exists", effect: "NoExecute" }));
  return { effects: [{ do: "tolerate", uid: local.metadata.uid ?? "", tolerations: [...rest, ...added] }] };
};

export const isHeld = (s: Readonly<ShadowPod>): boolean => s.metadata.labels?.[HELD] === "true";

/** No pod of the name is bound to the node. */
const withoutPod = (w: World): Plan => {
  const { shadow, chosen } = w;
  if (!w.known || !w.healthy) return NOTHING;
  if (!shadow)
    return chosen && w.offloaded && !w.inFlight && w.missingClaim === undefined
      ? { effects: [{ do: "createShadow", held: true }] }
      : NOTHING;
  const uid = shadow.metadata.uid ?? "";
  if (!isHeld(shadow)) return { effects: [{ do: "deleteShadow", uid }] };
  return w.awaited ? NOTHING : { effects: [{ do: "callBack", uid, originUID: shadow.spec.originUID }] };
};

/** What is to be done about one pod. The order of the checks is their priority. */
export const decide = (w: World): Plan => {
  const { local, shadow, remote } = w;
  if (!local) return withoutPod(w);
  const uid = local.metadata.uid;
  const mine = remote !== undefined && originOf(remote) === uid;
  if (!w.known) return NOTHING; // absence is not a fact yet
  if (local.metadata.deletionTimestamp !== undefined) return deleting(w, local, mine);
  if (isTerminal(local)) return NOTHING; // absorbing, by UID; the rest stays for its logs until the pod is deleted
  if (local.metadata.labels?.[ORIGIN] !== undefined)
    return fail(local, "ForeignPod", "it came from a peer, and what a peer sent is not passed on", w.nowIso);
  if (!w.offloaded)
    return wait(
      local,
      "NamespaceNotOffloaded",
      "the namespace has no twin at the provider (yet): offload it, or keep the pod off virtual nodes",
    );
  if (!w.healthy) return w.hold ? keep(local) : NOTHING;
  if (shadow && (shadow.spec.originUID !== uid || (isHeld(shadow) && w.misplaced)))
    return { effects: [{ do: "deleteShadow", uid: shadow.metadata.uid ?? "" }] };
  if (!shadow) {
    if (w.inFlight || mine) return NOTHING;
    if (hasStarted(local))
      return fail(
        local,
        "RemotePodLost",
        "the pod is gone at the provider, and nothing tells how it ended",
        w.nowIso,
      );
    if (w.missingClaim !== undefined) return wait(local, "ClaimNotAtProvider", w.missingClaim);
    return { effects: [{ do: "createShadow" }] };
  }
  const forward: Effect[] = [
    ...(isHeld(shadow) ? [{ do: "letRun", uid: shadow.metadata.uid ?? "" } as const] : []),
    ...(w.forwarded.is === w.forwarded.want ? [] : [{ do: "forward" } as const]),
  ];
  const end = concluded(w, local, shadow);
  if (end) return { ...end, effects: [...forward, ...end.effects] };
  if (!mine || !remote) return { effects: forward };
  const back = copyBack(w, local, remote);
  return { ...back, effects: [...forward, ...back.effects] };
};

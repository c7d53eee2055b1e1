import { type Reconcile } from "@tideway/controller";
import { type Pod, splitKey } from "@tideway/k8s";
import { addressesOf } from "./addresses.ts";
import { forwardedHash } from "@tideway/podspec";
import { nowIso } from "../ports.ts";
import { decide, type World } from "./decide.ts";
import { type Deps, type Done, FORWARDED, perform } from "./perform.ts";

/** A ShadowPod we made shows in the cache long before this; if not, the server is asked by creating it again. */
const IN_FLIGHT_MS = 30_000;

/**
 * What the caches do not show yet, or not any more. Losing it costs a request, never a wrong decision:
 * creating again finds the name taken by ourselves, writing a status again changes nothing.
 */
const createMemory = (now: () => number) => {
  const inFlight = new Map<string, { uid: string; since: number }>();
  const waiting = new Map<string, { uid: string; since: number }>();
  const written = new Map<string, { uid: string; version: string }>();
  const hashes = new WeakMap<Readonly<Pod>, string>();
  return {
    created: (key: string, uid: string) => void inFlight.set(key, { uid, since: now() }),
    seen: (key: string) => void inFlight.delete(key),
    inFlight: (key: string, uid: string) => {
      const f = inFlight.get(key);
      return f !== undefined && f.uid === uid && now() - f.since < IN_FLIGHT_MS;
    },
    waitedMs: (key: string, uid: string) => {
      const w = waiting.get(key);
      return w && w.uid === uid ? now() - w.since : 0;
    },
    wait: (key: string, uid: string) => {
      if (waiting.get(key)?.uid !== uid) waiting.set(key, { uid, since: now() });
    },
    settled: (key: string) => void waiting.delete(key),
    /** The cache shows a version that our own write has replaced: its event is under way. */
    isStale: (key: string, pod: Readonly<Pod>) => {
      const w = written.get(key);
      return w !== undefined && w.uid === pod.metadata.uid && w.version === pod.metadata.resourceVersion;
    },
    wrote: (key: string, uid: string, versionBefore: string) =>
      void written.set(key, { uid, version: versionBefore }),
    forget: (key: string) => {
      waiting.delete(key);
      written.delete(key);
      inFlight.delete(key);
    },
    hash: (pod: Readonly<Pod>) => {
      let hash = hashes.get(pod);
      if (hash === undefined) hashes.set(pod, (hash = forwardedHash(pod)));
      return hash;
    },
    sizes: () => ({ inFlight: inFlight.size, waiting: waiting.size, written: written.size }),
  };
};
export type Memory = ReturnType<typeof createMemory>;

const observe = (
  { session, hold, networks, missingClaim, chosen, local: here }: Deps,
  memory: Memory,
  key: string,
  now: string,
): World => {
  const { namespace = "", name } = splitKey(key);
  const twin = session.twin(namespace);
  const local = session.localPods.get(key);
  const ahead = local ? undefined : chosen.get(key);
  const shadow = twin?.shadows.get(`${twin.name}/${name}`);
  const pod = local ?? ahead;
  const uid = pod?.metadata.uid ?? "";
  const remote = twin?.pods.get(`${twin.name}/${name}`);
  if (shadow && shadow.spec.originUID === uid) memory.seen(key);
  return {
    local,
    chosen: ahead,
    misplaced: shadow !== undefined && shadow.spec.pool !== session.poolOf(local?.spec?.nodeName),
    awaited: !local && shadow !== undefined && chosen.isWaiting(key, shadow.spec.originUID),
    shadow,
    remote,
    offloaded: twin !== undefined,
    known: session.localPods.hasSynced && (twin === undefined || twin.known),
    healthy: session.health.current().ok,
    inFlight: memory.inFlight(key, uid),
    waitedMs: memory.waitedMs(key, uid),
    forwarded: {
      is: shadow?.metadata.annotations?.[FORWARDED],
      want: local && shadow ? memory.hash(local) : undefined,
    },
    missingClaim: pod && twin && !shadow ? missingClaim(pod)?.message : undefined,
    hold: hold(local?.spec?.nodeName),
    addresses: remote && addressesOf(remote, networks.of(session.clusterID)?.remotePods, here.podIP),
    nowIso: now,
  };
};

export interface PodReconciler {
  reconcile: Reconcile;
  /** The local pod is gone: forget what was remembered of it. */
  forget(key: string): void;
  memory: Memory;
}

/** Keys are `namespace/name` of local pods. */
export const makePodReconciler = (d: Deps): PodReconciler => {
  const memory = createMemory(() => d.clock.now());

  const remember = (key: string, local: Readonly<Pod>, done: Done): void => {
    const uid = local.metadata.uid ?? "";
    if (done.created) memory.created(key, uid);
    const before = local.metadata.resourceVersion ?? "";
    if (done.version && done.version !== before) memory.wrote(key, uid, before);
  };

  const reconcile: Reconcile = async (key) => {
    const world = observe(d, memory, key, nowIso(d.clock));
    const { local } = world;
    const pod = local ?? world.chosen;
    if (local && memory.isStale(key, local)) return {}; // its event will come, and with it a new look
    const plan = decide(world);
    const { namespace = "", name } = splitKey(key);
    let requeueAfterMs = plan.recheckMs;
    for (const effect of plan.effects) {
      const done = await perform(d, { namespace, name }, pod, effect);
      if (pod) remember(key, pod, done);
      if (done.requeueAfterMs !== undefined)
        requeueAfterMs = Math.min(done.requeueAfterMs, requeueAfterMs ?? Number.POSITIVE_INFINITY);
    }
    if (local && plan.recheckMs !== undefined) memory.wait(key, local.metadata.uid ?? "");
    else memory.settled(key);
    return requeueAfterMs === undefined ? {} : { requeueAfterMs };
  };

  return { reconcile, forget: memory.forget, memory };
};

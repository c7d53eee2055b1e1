import type { VirtualNode } from "@tideway/api";
import { type Node } from "@tideway/k8s";
import type { Effect } from "./decide.ts";
import {
  CORDONED_BY_OFFER,
  NETWORK_UNAVAILABLE,
  networkCondition,
  nodeLabels,
  nodeStatus,
  type NodeWish,
  OFFERED_LABELS,
  offeredLabels,
  readyCondition,
  TAINT,
} from "./manifests.ts";

const sameMap = (
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>>,
): boolean => {
  const keys = Object.keys(a ?? {});
  return keys.length === Object.keys(b).length && keys.every((k) => a?.[k] === b[k]);
};

/** A strategic merge patch of metadata and spec; undefined when they are as wished. Labels of others stay. */
export const specPatch = (actual: Readonly<Node>, w: NodeWish): object | undefined => {
  const have = actual.metadata.labels ?? {};
  const want = nodeLabels(w);
  const labels: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(want)) if (have[key] !== value) labels[key] = value;
  for (const key of actual.metadata.annotations?.[OFFERED_LABELS]?.split(",") ?? [])
    if (key && !(key in want) && key in have) labels[key] = null;
  const isTainted =
    actual.spec?.taints?.some((t) => t.key === TAINT.key && t.effect === TAINT.effect) ?? false;
  // A person's cordon stays; ours comes with a withdrawal or the end of the peering, and is marked.
  const closed = actual.spec?.unschedulable === true;
  const cordon = w.cordoned && !closed;
  const open = !w.cordoned && closed && actual.metadata.annotations?.[CORDONED_BY_OFFER] !== undefined;
  const spec = {
    ...(isTainted ? {} : { taints: [TAINT] }),
    ...(cordon ? { unschedulable: true } : {}),
    ...(open ? { unschedulable: null } : {}),
  };
  const relabel = Object.keys(labels).length > 0;
  if (!relabel && Object.keys(spec).length === 0) return undefined;
  const offered = Object.keys(offeredLabels(w.labels)).sort().join(",");
  return {
    metadata: {
      uid: actual.metadata.uid,
      ...(relabel ? { labels } : {}),
      annotations: {
        ...(relabel ? { [OFFERED_LABELS]: offered } : {}),
        ...(cordon ? { [CORDONED_BY_OFFER]: "true" } : {}),
        ...(open ? { [CORDONED_BY_OFFER]: null } : {}),
      },
    },
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
  };
};

interface Saying {
  status: string;
  reason?: string;
  message?: string;
}

/** A strategic merge patch of the status; undefined when it says what it should. No heartbeat: that is the Lease's. */
export const statusPatch = (actual: Readonly<Node>, w: NodeWish): object | undefined => {
  const s = actual.status;
  const find = (type: string) => s?.conditions?.find((c) => c.type === type);
  const sameSaying = (have: Saying | undefined, want: Saying | undefined): boolean =>
    have?.status === want?.status && have?.reason === want?.reason && have?.message === want?.message;
  const since = (have: ReturnType<typeof find>, status: string | undefined): string =>
    (have?.status === status && have?.lastTransitionTime) || w.nowIso;
  const ready = find("Ready");
  const network = find(NETWORK_UNAVAILABLE);
  const [wantNetwork] = networkCondition(w, since(network, w.network?.unavailable ? "True" : "False"));
  const wantReady = readyCondition(w, since(ready, w.ready ? "True" : "False"));
  const port = (s?.daemonEndpoints?.kubeletEndpoint as { Port?: number } | undefined)?.Port;
  const sameWhere =
    s?.addresses?.find((a) => a.type === "InternalIP")?.address === w.address && port === w.port;
  const sameSize = sameMap(s?.capacity, w.resources) && sameMap(s?.allocatable, w.resources);
  const changed = [
    ...(sameSaying(ready, wantReady) ? [] : [wantReady]),
    ...(sameSaying(network, wantNetwork)
      ? []
      : [wantNetwork ?? { $patch: "delete", type: NETWORK_UNAVAILABLE }]),
  ];
  if (changed.length === 0 && sameWhere && sameSize) return undefined;
  const uid = { metadata: { uid: actual.metadata.uid } };
  if (sameWhere && sameSize) return { ...uid, status: { conditions: changed } };
  const { capacity, allocatable, conditions, ...rest } = nodeStatus(
    w,
    wantReady.lastTransitionTime ?? w.nowIso,
    wantNetwork?.lastTransitionTime ?? w.nowIso,
  );
  const gone = (map: Readonly<Record<string, string>> | undefined) =>
    Object.fromEntries(Object.keys(map ?? {}).flatMap((k) => (k in w.resources ? [] : [[k, null]])));
  return {
    ...uid,
    status: {
      ...rest,
      conditions: [...(conditions ?? []), ...changed.filter((c) => "$patch" in c)],
      capacity: { ...capacity, ...gone(s?.capacity) },
      allocatable: { ...allocatable, ...gone(s?.allocatable) },
    },
  };
};

/** The object was made a moment ago with just this spec, and the cache may not show it yet. */
export const skipMade = (effects: readonly Effect[], made: Readonly<VirtualNode>): readonly Effect[] => {
  const first = effects[0];
  const isSame =
    first?.do === "virtualNode" && JSON.stringify(first.resources) === JSON.stringify(made.spec.resources);
  return isSame && JSON.stringify(first.labels) === JSON.stringify(made.spec.labels ?? {})
    ? effects.slice(1)
    : effects;
};

import { ORIGIN_UID, type ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Of a local pod all is kept that a ShadowPod is made of, less kubectl's copy of it. */
export const slimLocal = (pod: Pod): Pod => {
  if (pod.metadata.annotations?.[LAST_APPLIED] !== undefined) delete pod.metadata.annotations[LAST_APPLIED];
  return pod;
};

/** Of a status that another wrote: characters of a text (a kubelet's longest, a termination message), and entries of a list. */
const MOST = { text: 4_096, entries: 64, depth: 8 };

const bounded = (value: unknown, depth = 0): unknown => {
  if (typeof value === "string") return value.length > MOST.text ? value.slice(0, MOST.text) : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= MOST.depth) return undefined;
  if (Array.isArray(value)) return value.slice(0, MOST.entries).map((v) => bounded(v, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST.entries)
      .map(([k, v]) => [k, bounded(v, depth + 1)]),
  );
};

/** Of the provider's pod only what comes back: its status, and from which pod it was made. */
export const slimRemote = (pod: Pod): Pod => {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, annotations } = pod.metadata;
  const originUID = annotations?.[ORIGIN_UID];
  const metadata = {
    name,
    ...(namespace ? { namespace } : {}),
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(deletionTimestamp ? { deletionTimestamp } : {}),
    ...(originUID ? { annotations: { [ORIGIN_UID]: originUID } } : {}),
  };
  return { metadata, ...(pod.status ? { status: bounded(pod.status) as NonNullable<Pod["status"]> } : {}) };
};

/** Of a ShadowPod everything but the pod in it, which we have at home. */
export const slimShadow = (shadow: ShadowPod): ShadowPod => {
  const { originUID, originNamespace, gracePeriodSeconds, pool } = shadow.spec;
  const spec = {
    originUID,
    originNamespace,
    ...(gracePeriodSeconds !== undefined ? { gracePeriodSeconds } : {}),
    ...(pool !== undefined ? { pool } : {}),
  };
  return { ...shadow, spec: spec as ShadowPod["spec"] };
};

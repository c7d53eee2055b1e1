import { ORIGIN_UID, type ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Of a local pod all is kept that a ShadowPod is made of, less kubectl's copy of it. */
export const slimLocal = (pod: Pod): Pod => {
  if (pod.metadata.annotations?.[LAST_APPLIED] !== undefined) delete pod.metadata.annotations[LAST_APPLIED];
  return pod;
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
  return { metadata, ...(pod.status ? { status: pod.status } : {}) };
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

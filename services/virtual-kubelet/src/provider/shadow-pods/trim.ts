import type { Pod } from "@tideway/k8s";

/** Of a pod made here only what decisions need stays in memory: a few hundred bytes instead of several thousand. */
export const trimPod = (pod: Pod): Pod => {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds } =
    pod.metadata;
  const { labels, annotations, finalizers, ownerReferences } = pod.metadata;
  const { phase, reason, message, conditions } = pod.status ?? {};
  const images = (list: readonly { name: string; image?: string }[] | undefined) =>
    list?.map((c) => ({ name: c.name, ...(c.image !== undefined ? { image: c.image } : {}) }));
  const metadata = {
    name,
    namespace,
    uid,
    resourceVersion,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    labels,
    annotations,
    finalizers,
    ownerReferences,
  };
  const spec = {
    nodeName: pod.spec?.nodeName,
    containers: images(pod.spec?.containers),
    initContainers: images(pod.spec?.initContainers),
    activeDeadlineSeconds: pod.spec?.activeDeadlineSeconds,
  };
  const status = {
    phase,
    reason,
    message,
    conditions: conditions?.filter((c) => c.type === "DisruptionTarget"),
  };
  return { metadata, spec, status } as unknown as Pod;
};

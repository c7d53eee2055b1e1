import type { Pod } from "@tideway/k8s";

/** Of a pod made here only what decisions need stays in memory: a few hundred bytes instead of several thousand. */
export const trimPod = (pod: Pod): Pod => {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds } =
    pod.metadata;
  const { labels, annotations, finalizers, ownerReferences } = pod.metadata;
  const { phase, reason, message, conditions } = pod.status ?? {};
  const slim = (list: NonNullable<Pod["spec"]>["containers"] | undefined) =>
    list?.map((c) => ({
      name: c.name,
      ...(c.image !== undefined ? { image: c.image } : {}),
      ...(c.resources?.requests ? { resources: { requests: c.resources.requests } } : {}),
      ...(c.restartPolicy !== undefined ? { restartPolicy: c.restartPolicy } : {}),
    }));
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
    containers: slim(pod.spec?.containers),
    initContainers: slim(pod.spec?.initContainers),
    resources: pod.spec?.resources,
    overhead: pod.spec?.overhead,
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

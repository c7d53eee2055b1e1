import type { CoreEvent } from "@tideway/k8s";

/** Of an event, what is told again at home. */
export const slimEvent = (e: CoreEvent): CoreEvent => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = e.metadata;
  const metadata = {
    name,
    ...(namespace ? { namespace } : {}),
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
    ...(creationTimestamp ? { creationTimestamp } : {}),
  };
  const {
    involvedObject,
    reason,
    message,
    type,
    count,
    firstTimestamp,
    lastTimestamp,
    eventTime,
    series,
    source,
  } = e;
  const kept = {
    metadata,
    involvedObject,
    reason,
    message,
    type,
    count,
    firstTimestamp,
    lastTimestamp,
    eventTime,
    series,
    source,
  };
  return kept as CoreEvent;
};

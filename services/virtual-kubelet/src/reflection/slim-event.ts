import type { CoreEvent } from "@tideway/k8s";

/** What is told of another's words, characters: as much as the API takes of an event of the newer kind. */
const MOST = { message: 1024, reason: 128 };

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
    reason: reason?.slice(0, MOST.reason),
    message: message?.slice(0, MOST.message),
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

import { isCopy, ORIGIN, ORIGIN_GENERATION, ORIGIN_UID, TRACEPARENT } from "@tideway/api/names";
import type { Applied, CopyObject } from "../ports.ts";
import { sameJson } from "./compare.ts";

/** On an origin that is or may be copied: the object stays until its copy is gone. */
export const FINALIZER = "replicator.tideway.dev/copy";

export const isDeleting = (o: CopyObject): boolean => o.metadata.deletionTimestamp !== undefined;
export const isHeld = (o: CopyObject): boolean => o.metadata.finalizers?.includes(FINALIZER) ?? false;
export const isCopyFrom = (o: CopyObject, clusterID: string): boolean =>
  isCopy(o) && o.metadata.labels?.[ORIGIN] === clusterID;
export const originUidOf = (copy: CopyObject): string => copy.metadata.annotations?.[ORIGIN_UID] ?? "";

/** What the copy of `origin` has to be; nothing else of it is ours. */
export const copyBody = (
  origin: Readonly<CopyObject>,
  originCluster: string,
  labels: Readonly<Record<string, string>>,
): Applied => {
  const { name, uid, generation, annotations } = origin.metadata;
  const traceparent = annotations?.[TRACEPARENT];
  return {
    metadata: {
      name,
      labels: { ...labels, [ORIGIN]: originCluster },
      annotations: {
        [ORIGIN_UID]: uid ?? "",
        ...(generation !== undefined ? { [ORIGIN_GENERATION]: String(generation) } : {}),
        ...(traceparent !== undefined ? { [TRACEPARENT]: traceparent } : {}),
      },
    },
    ...(origin.spec !== undefined ? { spec: origin.spec } : {}),
  };
};

const OURS = [ORIGIN_UID, ORIGIN_GENERATION, TRACEPARENT];

/** Whether the copy already says what `body` says. */
export const saysTheSame = (copy: Readonly<CopyObject>, body: Applied): boolean =>
  Object.entries(body.metadata.labels ?? {}).every(([k, v]) => copy.metadata.labels?.[k] === v) &&
  OURS.every((k) => copy.metadata.annotations?.[k] === body.metadata.annotations?.[k]) &&
  sameJson(copy.spec, body.spec);

/** Whether the copy was made from the origin's present generation. */
export const isUpToDate = (copy: Readonly<CopyObject>, origin: Readonly<CopyObject>): boolean =>
  copy.metadata.annotations?.[ORIGIN_GENERATION] === String(origin.metadata.generation ?? "");

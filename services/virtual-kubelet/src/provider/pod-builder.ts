import { refusals, toPod } from "@tideway/podspec";
import { FORWARDED_ANNOTATIONS, FORWARDED_LABELS, POD_FINALIZER } from "./labels.ts";
import type { PodBuilder } from "./ports.ts";

const keysOf = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.keys(map ?? {})
    .sort()
    .join(",");

/** The field table of `@tideway/podspec`, and what this service needs on its pods beside it. */
export const podBuilder: PodBuilder = {
  refusals: (shadow) => refusals(shadow.spec.pod),
  build: (shadow, origin) => {
    const pod = toPod(shadow, origin);
    const { labels, annotations } = pod.metadata;
    return {
      ...pod,
      metadata: {
        ...pod.metadata,
        annotations: {
          ...annotations,
          [FORWARDED_LABELS]: keysOf(labels),
          [FORWARDED_ANNOTATIONS]: keysOf(annotations),
        },
        finalizers: [POD_FINALIZER],
      },
    };
  },
};

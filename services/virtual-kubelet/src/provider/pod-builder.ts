import { describeError } from "@tideway/errors";
import { policyRefusals, type Refusal, refusals, toPod, withDefaults } from "@tideway/podspec";
import { podAmounts } from "@tideway/quota";
import { FORWARDED_ANNOTATIONS, FORWARDED_LABELS, POD_FINALIZER } from "./labels.ts";
import type { PodBuilder } from "./ports.ts";

const keysOf = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.keys(map ?? {})
    .sort()
    .join(",");

/** Amounts that cannot be counted are refused: a negative one would make room. */
const badAmounts = (spec: Parameters<typeof podAmounts>[0]): Refusal[] => {
  try {
    podAmounts(spec);
    return [];
  } catch (err) {
    return [{ field: "resources", message: describeError(err) }];
  }
};

/** The field table of `@tideway/podspec`, and what this service needs on its pods beside it. */
export const podBuilder: PodBuilder = {
  refusals: (shadow, { name, rules }) => {
    const { pod } = shadow.spec;
    const refused = [refusals, badAmounts, (spec: typeof pod) => policyRefusals(rules, name, spec)];
    // The later ones trust the form that the earlier ones have seen to.
    for (const check of refused) {
      const found = check(pod);
      if (found.length > 0) return found;
    }
    return [];
  },
  amounts: (shadow, { rules }) => podAmounts(withDefaults(rules, shadow.spec.pod)),
  build: (shadow, origin, { rules }) => {
    const spec = { ...shadow.spec, pod: withDefaults(rules, shadow.spec.pod) };
    const pod = toPod({ ...shadow, spec }, origin);
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

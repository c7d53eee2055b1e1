import type { Pod } from "@tideway/k8s";
import { type Amounts, compare, formatList, parseList } from "@tideway/quantity";
import { type ImageRules, refusedImage } from "./images.ts";
import type { Refusal } from "./refusals.ts";

type PodSpec = NonNullable<Pod["spec"]>;
type Container = PodSpec["containers"][number];
type List = Readonly<Record<string, string | number>>;

/** What the owner of a provider asks of pods of peers, beyond the field table: `spec` of a WorkloadPolicy. */
export interface WorkloadRules {
  images?: ImageRules | undefined;
  /** What a container is given that says nothing, as LimitRange does. */
  containers?: { defaultRequests?: List | undefined; defaultLimits?: List | undefined } | undefined;
}

/** Every place from which a node of the provider would pull an image. */
const imagesOf = (spec: Readonly<PodSpec>): { field: string; image: unknown }[] => [
  ...(["initContainers", "containers"] as const).flatMap((list) =>
    (spec[list] ?? []).map((c, i) => ({ field: `${list}[${i}].image`, image: c.image })),
  ),
  ...(spec.volumes ?? []).flatMap((v, i) =>
    v.image ? [{ field: `volumes[${i}].image.reference`, image: v.image.reference }] : [],
  ),
];

/** What the rules refuse of a spec that the field table lets in; each names field and rule. */
export const policyRefusals = (rules: WorkloadRules, name: string, spec: Readonly<PodSpec>): Refusal[] => {
  const { images } = rules;
  if (!images) return [];
  return imagesOf(spec).flatMap(({ field, image }) => {
    const refused = refusedImage(images, image);
    return refused
      ? [
          {
            field,
            rule: refused.rule,
            message: `${refused.message} (rule ${refused.rule} of WorkloadPolicy ${name})`,
          },
        ]
      : [];
  });
};

/** The defaults for what is not in `said`. */
const missing = (said: Amounts, defaults: Amounts): Amounts =>
  new Map([...defaults].filter(([name]) => !said.has(name)));

const withLimits = (c: Container, rules: NonNullable<WorkloadRules["containers"]>): Container => {
  const [requests, limits] = [parseList(c.resources?.requests), parseList(c.resources?.limits)];
  // A limit below what is requested would be refused by the API server; then what is requested is the limit.
  const newLimits = new Map(
    [...missing(limits, parseList(rules.defaultLimits))].map(([name, limit]) => {
      const asked = requests.get(name);
      return [name, asked && compare(asked, limit) > 0 ? asked : limit] as const;
    }),
  );
  const allLimits = new Map([...limits, ...newLimits]);
  const newRequests = new Map(
    [...missing(requests, parseList(rules.defaultRequests))]
      .filter(([name]) => !limits.has(name)) // a request that is not said is the limit
      .map(([name, amount]) => {
        const limit = allLimits.get(name);
        return [name, limit && compare(amount, limit) > 0 ? limit : amount] as const;
      }),
  );
  if (newLimits.size + newRequests.size === 0) return c;
  const amounts = { requests: new Map([...requests, ...newRequests]), limits: allLimits };
  return {
    ...c,
    resources: {
      ...c.resources,
      ...(amounts.requests.size > 0 ? { requests: formatList(amounts.requests) } : {}),
      ...(amounts.limits.size > 0 ? { limits: formatList(amounts.limits) } : {}),
    },
  };
};

/** The spec with the defaults of the rules. What is charged and what is run is made from this one. */
export const withDefaults = (rules: WorkloadRules, spec: PodSpec): PodSpec => {
  const { containers } = rules;
  if (!containers) return spec;
  return {
    ...spec,
    containers: spec.containers.map((c) => withLimits(c, containers)),
    ...(spec.initContainers
      ? { initContainers: spec.initContainers.map((c) => withLimits(c, containers)) }
      : {}),
  };
};

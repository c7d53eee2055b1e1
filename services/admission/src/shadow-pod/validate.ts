import type { ShadowPod } from "@tideway/api";
import { clusterOfUser, userOf } from "@tideway/pki";
import { refusals } from "@tideway/podspec";
import { type AdmissionRequest, ALLOWED, type Cause, deny, type Verdict } from "../review/review.ts";

type PodSpec = ShadowPod["spec"]["pod"];

/** Keys in one order, so that equal values have equal text. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, v: unknown) =>
    typeof v === "object" && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  ) ?? "";
const same = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

type Containers = readonly { image?: string }[] | undefined;
const withoutImages = (list: Containers): unknown => list?.map(({ image: _, ...rest }) => rest);

/** The PodSpec without what may change in a living pod. */
const fixed = (spec: PodSpec): Record<string, unknown> => {
  const { activeDeadlineSeconds: _, ...rest } = spec;
  return {
    ...rest,
    containers: withoutImages(spec.containers),
    ...(spec.initContainers ? { initContainers: withoutImages(spec.initContainers) } : {}),
  };
};

const changed = (before: PodSpec, after: PodSpec): Cause[] => {
  const [a, b] = [fixed(before), fixed(after)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((field) => !same(a[field], b[field]))
    .map((field) => ({
      field: `spec.pod.${field}`,
      message: "may not change; only images and activeDeadlineSeconds may",
    }));
};

const listed = (causes: readonly Cause[]): string => causes.map((c) => `${c.field} ${c.message}`).join("; ");

/**
 * A ShadowPod comes from the tenant whose namespace it is, and asks for nothing the field table refuses.
 * @param origin cluster ID on the namespace's label; undefined: it is nobody's twin.
 */
export const validateShadowPod = (r: AdmissionRequest<ShadowPod>, origin: string | undefined): Verdict => {
  const { object, oldObject } = r;
  if (!object || (r.operation !== "CREATE" && r.operation !== "UPDATE")) return ALLOWED;
  if (oldObject && same(oldObject.spec, object.spec)) return ALLOWED; // finalizers and labels: Kubernetes itself
  if (origin === undefined)
    return deny(
      "NotATwin",
      `namespace ${r.namespace ?? ""} was not made for a peer: ShadowPods live in twin namespaces only`,
    );
  if (clusterOfUser(r.userInfo.username) !== origin)
    return deny(
      "NotTheTenant",
      `namespace ${r.namespace ?? ""} belongs to ${userOf(origin)}, not to ${r.userInfo.username}`,
    );
  const refused = refusals(object.spec?.pod).map(({ field, message }) => ({
    field: `spec.pod.${field}`,
    message,
  }));
  if (refused.length > 0) return deny("FieldRefused", listed(refused), refused);
  const fixedChanged = oldObject ? changed(oldObject.spec.pod, object.spec.pod) : [];
  return fixedChanged.length > 0 ? deny("Immutable", listed(fixedChanged), fixedChanged) : ALLOWED;
};

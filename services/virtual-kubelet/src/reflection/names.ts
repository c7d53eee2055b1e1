/**
 * Label of every copy in a twin namespace: `config` and `network` follow an object of the consumer, `token` is made for
 * one pod.
 */
export const REFLECTED = "offloading.tideway.dev/reflected";
/** Annotation of a copy: uid and resourceVersion of what it was made from. */
export const SOURCE_VERSION = "offloading.tideway.dev/source-version";
/** Annotation of a copy: hash of what it says. For objects whose copy depends on more than their source. */
export const CONTENT = "offloading.tideway.dev/content";
/** Annotation of a token Secret: when it is to be renewed (RFC 3339). */
export const RENEW_AT = "offloading.tideway.dev/renew-at";
export const FIELD_MANAGER = "tideway-reflection";

export type Copied = "configmaps" | "secrets";
export const copyKey = (kind: Copied, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;
export const splitCopyKey = (key: string): { kind: Copied; namespace: string; name: string } => {
  const [kind = "", namespace = "", name = ""] = key.split("/");
  return { kind: kind as Copied, namespace, name };
};

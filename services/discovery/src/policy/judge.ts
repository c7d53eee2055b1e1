/** What the DiscoveryPolicy says of a cluster: the first rule that matches. Pure. */
import {
  type DiscoveryAction,
  type DiscoveryPolicy,
  type DiscoveryRule,
  type ForeignCluster,
  foundOf,
} from "@tideway/api";

export interface Verdict {
  action: DiscoveryAction;
  /** Name of the rule; empty: none matched. */
  rule: string;
  /** Secret with the token for those that the rule joins; empty: none. */
  tokenSecret: string;
  /** The rule names the cluster's key, so that nobody can pass for it. */
  pinned: boolean;
  /** Why, for people. */
  reason: string;
}

type Subject = Readonly<Pick<ForeignCluster, "metadata" | "spec">>;

/** `*` is any, `*.example.org` all below it. */
const isIn = (domain: string, pattern: string): boolean =>
  pattern === "*" || pattern === domain || (pattern.startsWith("*.") && domain.endsWith(pattern.slice(1)));

/** Of several pins any may be shown, so all have to be named. */
const hasPins = (fc: Subject, pins: readonly string[] | undefined): boolean =>
  pins === undefined || (fc.spec.pins.length > 0 && fc.spec.pins.every((p) => pins.includes(p)));
const isFoundIn = (fc: Subject, domains: readonly string[] | undefined): boolean =>
  domains === undefined || foundOf(fc).some((f) => domains.some((d) => isIn(f.domain, d)));
const hasLabels = (fc: Subject, labels: Record<string, string> | undefined): boolean =>
  labels === undefined || Object.entries(labels).every(([k, v]) => fc.metadata.labels?.[k] === v);

const matches = (fc: Subject, r: DiscoveryRule): boolean =>
  hasPins(fc, r.pins) && isFoundIn(fc, r.domains) && hasLabels(fc, r.matchLabels);

export const judge = (policy: Readonly<DiscoveryPolicy> | undefined, fc: Subject): Verdict => {
  const none = { rule: "", tokenSecret: "", pinned: false };
  if (!policy) return { ...none, action: "ask", reason: "there is no DiscoveryPolicy named default" };
  const rule = policy.spec.rules?.find((r) => matches(fc, r));
  if (!rule)
    return {
      ...none,
      action: policy.spec.defaultAction ?? "ask",
      reason: "no rule of the DiscoveryPolicy matches",
    };
  return {
    action: rule.action,
    rule: rule.name,
    tokenSecret: rule.tokenSecretRef?.name ?? "",
    pinned: rule.pins !== undefined,
    reason: rule.reason ?? "",
  };
};

/** Whether a rule that joins names this key: of two clusters with one ID it tells the one that is wanted. */
export const isNamedPin = (policy: Readonly<DiscoveryPolicy> | undefined, pin: string): boolean =>
  policy?.spec.rules?.some((r) => r.action === "join" && r.pins?.includes(pin)) ?? false;

/** Rules that join whoever can announce itself in a place: their token goes to anybody who does. */
export const unproven = (policy: Readonly<DiscoveryPolicy>): string[] =>
  (policy.spec.rules ?? [])
    .filter((r) => r.action === "join" && !r.pins && !r.matchLabels)
    .map((r) => r.name);

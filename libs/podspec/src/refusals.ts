import { rulesOf } from "./table.ts";
import type { Rule, SectionName } from "./rule.ts";

export interface Refusal {
  /** Path inside the PodSpec, such as `containers[0].securityContext.privileged`. */
  field: string;
  message: string;
  /** The rule of the owner's policy that refuses it; absent: the field table does. */
  rule?: string;
}

type Fields = Record<string, unknown>;
const isFields = (v: unknown): v is Fields => typeof v === "object" && v !== null && !Array.isArray(v);

const refuses = (rule: Rule, value: unknown): boolean =>
  rule.verdict === "refused" && (rule.when?.(value) ?? true);

const inside = (section: SectionName, value: unknown, path: string): Refusal[] => {
  if (Array.isArray(value)) return value.flatMap((item, i) => check(section, item, `${path}[${i}]`));
  return check(section, value, path);
};

const check = (section: SectionName, value: unknown, path: string): Refusal[] => {
  if (!isFields(value)) return [{ field: path, message: "is not of the form that Kubernetes 1.34 defines" }];
  const rules = rulesOf(section);
  const found: Refusal[] = [];
  for (const [name, v] of Object.entries(value)) {
    if (v === null || v === undefined) continue;
    const field = path ? `${path}.${name}` : name;
    const rule = rules.get(name);
    if (!rule) found.push({ field, message: "is not known to this provider" });
    else if (refuses(rule, v)) found.push({ field, message: rule.message ?? "is refused" });
    else if (rule.inner) found.push(...inside(rule.inner, v, field));
  }
  return found;
};

/** Why a provider refuses a ShadowPod with this PodSpec; empty: it takes it. Trusts nothing about the spec's form. */
export const refusals = (spec: unknown): Refusal[] => check("pod", spec, "");

/** The spec with only what crosses, and forced values set. Call it on a spec without refusals. */
export const allowed = (section: SectionName, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => allowed(section, item));
  if (!isFields(value)) return value;
  const rules = rulesOf(section);
  const out: Fields = {};
  for (const [name, v] of Object.entries(value)) {
    const rule = rules.get(name);
    if (v === null || v === undefined || !rule || rule.verdict === "forced" || refuses(rule, v)) continue;
    out[name] = rule.inner ? allowed(rule.inner, v) : v;
  }
  for (const rule of rules.values())
    if (rule.verdict === "forced" && rule.value !== undefined) out[rule.field] = rule.value;
  return out;
};

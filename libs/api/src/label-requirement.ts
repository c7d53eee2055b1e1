import type { NodeSelectorTerm } from "./types.ts";

export type LabelRequirement = NonNullable<NodeSelectorTerm["matchExpressions"]>[number];

const NAME = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const KEY = new RegExp(`^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?${NAME}$`);
const VALUE = new RegExp(`^(?:${NAME})?$`);
const FORM =
  /^\s*(?:(?<absent>!)?(?<has>[^=!\s]+)|(?<key>[^=!\s]+?)\s*(?<op>!=|==?)\s*(?<value>[^=!\s]*))\s*$/;

/** `a=b`, `a!=b`, `a` (has it) or `!a` (has it not), as `kubectl get -l` takes them; undefined: none of these. */
export const labelRequirement = (text: string): LabelRequirement | undefined => {
  const { absent, has, key, op, value } = FORM.exec(text)?.groups ?? {};
  const label = has ?? key;
  if (label === undefined || !KEY.test(label) || (value !== undefined && !VALUE.test(value)))
    return undefined;
  if (op === undefined) return { key: label, operator: absent ? "DoesNotExist" : "Exists" };
  return { key: label, operator: op === "!=" ? "NotIn" : "In", values: [value ?? ""] };
};

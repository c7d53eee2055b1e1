import type { NamespaceOffloading, NodeSelectorTerm } from "@tideway/api";
import { UsageError } from "../exit.ts";

export const STRATEGIES = ["Local", "Remote", "LocalAndRemote"] as const;
export type Strategy = NonNullable<NamespaceOffloading["spec"]["podOffloadingStrategy"]>;

/** The strategy, whatever its capitals. */
export const parseStrategy = (text: string): Strategy => {
  const found = STRATEGIES.find((s) => s.toLowerCase() === text.toLowerCase());
  if (!found)
    throw new UsageError(`--pod-offloading-strategy: "${text}" is not known`, {
      next: `one of ${STRATEGIES.join(", ")}`,
    });
  return found;
};

const NAME = "[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?";
const KEY = new RegExp(`^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?${NAME}$`);
const VALUE = new RegExp(`^(?:${NAME})?$`);

/** `a=b`, `a!=b`, `a` (has it), `!a` (has it not), joined by commas or given several times: all must hold. */
export const parseSelector = (given: readonly string[]): NodeSelectorTerm[] => {
  const matchExpressions = given.flatMap((text) => text.split(",")).map(parseRequirement);
  return matchExpressions.length > 0 ? [{ matchExpressions }] : [];
};

type Requirement = NonNullable<NodeSelectorTerm["matchExpressions"]>[number];

const parseRequirement = (text: string): Requirement => {
  const m =
    /^\s*(?:(?<absent>!)?(?<has>[^=!\s]+)|(?<key>[^=!\s]+?)\s*(?<op>!=|==?)\s*(?<value>[^=!\s]*))\s*$/.exec(
      text,
    );
  const { absent, has, key, op, value } = m?.groups ?? {};
  const label = has ?? key;
  if (label === undefined || !KEY.test(label) || (value !== undefined && !VALUE.test(value)))
    throw new UsageError(`--selector: "${text}" is not a label selector`, {
      next: "write it like region=eu, tier!=spot or gpu",
    });
  if (op === undefined) return { key: label, operator: absent ? "DoesNotExist" : "Exists" };
  return { key: label, operator: op === "!=" ? "NotIn" : "In", values: [value ?? ""] };
};

import {
  labelRequirement,
  type LabelRequirement,
  type NamespaceOffloading,
  type NodeSelectorTerm,
} from "@tideway/api";
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

/** `a=b`, `a!=b`, `a` (has it), `!a` (has it not), joined by commas or given several times: all must hold. */
export const parseSelector = (given: readonly string[]): NodeSelectorTerm[] => {
  const matchExpressions = given.flatMap((text) => text.split(",")).map(parseRequirement);
  return matchExpressions.length > 0 ? [{ matchExpressions }] : [];
};

const parseRequirement = (text: string): LabelRequirement => {
  const found = labelRequirement(text);
  if (found) return found;
  throw new UsageError(`--selector: "${text}" is not a label selector`, {
    next: "write it like region=eu, tier!=spot or gpu",
  });
};

/** Ordered checks on a claim that waits for its volume; the first that speaks decides. */
import type { Node } from "@tideway/k8s";
import { type Claim, type Class, placeWithin, regionOf, regionsOf } from "./model.ts";

export interface Refusal {
  reason: string;
  message: string;
  /** The scheduler may choose another node. */
  reschedule?: true;
}

export interface Case {
  claim: Claim;
  class: Class;
  selected: string;
  node: Readonly<Node> | undefined;
}

type Rule = (c: Case) => Refusal | undefined;

const nodeIsGone: Rule = ({ node, selected }) =>
  node
    ? undefined
    : {
        reason: "NodeGone",
        message: `node ${selected}, chosen for the first pod, does not exist any more; the scheduler chooses again`,
        reschedule: true,
      };

const wantsContent: Rule = ({ claim }) =>
  claim.spec?.dataSource || claim.spec?.dataSourceRef
    ? {
        reason: "DataSourceRefused",
        message: "a volume made from a snapshot or another claim is not supported: use the real class itself",
      }
    : undefined;

const selectsVolumes: Rule = ({ claim }) =>
  claim.spec?.selector
    ? {
        reason: "SelectorRefused",
        message: "spec.selector chooses among volumes that exist; here each claim gets a new one",
      }
    : undefined;

const liesOutside: Rule = ({ claim, class: c, node, selected }) => {
  const regions = regionsOf(claim, c);
  if (!regions || (node && placeWithin(regions, node))) return undefined;
  const region = node && regionOf(node);
  const where = region === undefined ? "says no region" : `is in region ${region}`;
  return {
    reason: "OutsideRegion",
    message: `the data is to be kept in ${regions.join(" or ") || "no region at all"}, and node ${selected} ${where}; the scheduler chooses again`,
    reschedule: true,
  };
};

/** KEP-559: the scheduler minds it too, but a selected node may be written by hand. */
const liesOutsideTopology: Rule = ({ class: c, node, selected }) => {
  const terms = c.allowedTopologies ?? [];
  const labels = node?.metadata.labels ?? {};
  const fits = terms.some((t) =>
    (t.matchLabelExpressions ?? []).every((e) => e.values.includes(labels[e.key] ?? "")),
  );
  return terms.length === 0 || fits
    ? undefined
    : {
        reason: "OutsideTopology",
        message: `class ${c.metadata.name} allows no volume on node ${selected} (allowedTopologies); the scheduler chooses again`,
        reschedule: true,
      };
};

const RULES: readonly Rule[] = [wantsContent, selectsVolumes, nodeIsGone, liesOutside, liesOutsideTopology];

export const refusalOf = (c: Case): Refusal | undefined => {
  for (const rule of RULES) {
    const refusal = rule(c);
    if (refusal) return refusal;
  }
  return undefined;
};

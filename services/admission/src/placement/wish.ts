/** What a pod itself asks of its placement, within what its namespace allows. Pure. */
import { CLUSTERS, labelRequirement, STRATEGY } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import { deny, type Verdict } from "../review/review.ts";
import type { Placement } from "./place.ts";
import { narrow, STRATEGIES, type Strategy } from "./terms.ts";

type Wished = { placement: Placement } | { refused: Verdict };

const refuse = (annotation: string, message: string): Wished => {
  const field = `metadata.annotations[${annotation}]`;
  return { refused: deny("BadSelector", `${field}: ${message}`, [{ field, message }]) };
};

/** Which strategy both want; undefined: they exclude each other. */
const both = (namespace: Strategy, pod: Strategy): Strategy | undefined => {
  if (namespace === pod || pod === "LocalAndRemote") return namespace;
  return namespace === "LocalAndRemote" ? pod : undefined;
};

const strategyOf = (text: string | undefined): Strategy | undefined => STRATEGIES.find((s) => s === text);

/** The namespace's placement, narrowed by the pod's annotations; a pod never widens it. */
export const wished = (pod: Pod, placement: Placement): Wished => {
  const { [STRATEGY]: asked, [CLUSTERS]: clusters } = pod.metadata.annotations ?? {};
  const wanted = strategyOf(asked);
  if (asked !== undefined && !wanted)
    return refuse(STRATEGY, `"${asked}" is not one of ${STRATEGIES.join(", ")}`);
  const strategy = both(placement.strategy, wanted ?? "LocalAndRemote");
  if (!strategy)
    return refuse(STRATEGY, `"${asked}" is outside of the strategy of the namespace, ${placement.strategy}`);
  if (clusters === undefined) return { placement: { ...placement, strategy } };
  const texts = clusters.split(",");
  const matchExpressions = texts.flatMap((text) => labelRequirement(text) ?? []);
  if (matchExpressions.length < texts.length)
    return refuse(CLUSTERS, `"${clusters}" is not a label selector; write it like region=eu,tier!=spot`);
  const by = [{ matchExpressions }];
  const selector = placement.selector.length === 0 ? by : narrow(placement.selector, by);
  // Only empty terms, which match nothing: what the pod asks does not widen them.
  return { placement: { strategy, selector: selector.length === 0 ? placement.selector : selector } };
};

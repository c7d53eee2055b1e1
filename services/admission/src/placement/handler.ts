import { type NodeSelectorTerm, ORIGIN } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import { refusals, toShadowPodSpec } from "@tideway/podspec";
import type { MoveFacts, NamespaceFact, NamespaceFacts } from "../ports.ts";
import { type AdmissionRequest, ALLOWED, deny, denyForNow, type Verdict } from "../review/review.ts";
import { hold } from "./hold.ts";
import { belongsToANode, keepHome, place, type Placement } from "./place.ts";
import { STRATEGIES, type Strategy } from "./terms.ts";
import { wished } from "./wish.ts";

const isKnown = (f: NamespaceFact | undefined): f is NamespaceFact => f?.state === "OFFLOADED";

/** The namespace's fact; waits for it, because label and fact of a new offloading travel on different ways. */
const factOf = async (
  facts: NamespaceFacts,
  namespace: string,
  waitMs: number,
): Promise<NamespaceFact | undefined> => {
  const now = facts.get(namespace);
  if (isKnown(now) || waitMs === 0) return isKnown(now) ? now : undefined;
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      stop();
      const found = facts.get(namespace);
      resolve(isKnown(found) ? found : undefined);
    };
    const timer = setTimeout(finish, waitMs);
    const stop = facts.onChange((changed) => {
      if (changed === namespace && isKnown(facts.get(namespace))) finish();
    });
  });
};

/** `undefined`: the fact cannot be read, and nobody guesses what it meant. */
export const placementOf = (fact: NamespaceFact): Placement | undefined => {
  const strategy = fact.strategy || "LocalAndRemote";
  if (!STRATEGIES.some((s) => s === strategy)) return undefined;
  try {
    const selector: unknown = fact.clusterSelectorJson ? JSON.parse(fact.clusterSelectorJson) : [];
    return Array.isArray(selector)
      ? { strategy: strategy as Strategy, selector: selector as NodeSelectorTerm[] }
      : undefined;
  } catch {
    return undefined;
  }
};

/** What of the pod a provider would refuse, after the consumer's part has taken out what is its own. */
const refusedOf = (pod: Pod) => refusals(toShadowPodSpec(pod).pod);

/** It came from a peer, to a twin that somebody labelled by mistake: it stays here, without our toleration. */
const isForeign = (pod: Pod): boolean => pod.metadata.labels?.[ORIGIN] !== undefined;

const placed = (pod: Pod, placement: Placement): Verdict => {
  const wish = wished(pod, placement);
  if ("refused" in wish) return wish.refused;
  const { strategy } = wish.placement;
  if (strategy === "Local" && placement.strategy !== "Local") return keepHome(pod);
  return place(pod, wish.placement, strategy === "Local" ? [] : refusedOf(pod));
};

export interface PodHandlerDeps {
  facts: NamespaceFacts;
  moves: MoveFacts;
  /** How long a fact that is on its way is waited for, ms. */
  waitMs: number;
  /** User name of the service that copies volumes: it says itself where its pods run. */
  mover: string;
}

/** Only asked for pods of namespaces labelled as offloaded. Without a fact it denies: a pod is never silently local. */
export const podHandler =
  ({ facts, moves, waitMs, mover }: PodHandlerDeps) =>
  async ({ object: pod, namespace = "", operation, userInfo }: AdmissionRequest<Pod>): Promise<Verdict> => {
    if (operation !== "CREATE" || !pod?.spec || belongsToANode(pod) || isForeign(pod)) return ALLOWED;
    if (userInfo.username === mover) return ALLOWED;
    const fact = await factOf(facts, namespace, waitMs);
    if (!fact)
      return denyForNow(`namespace ${namespace} is offloaded, but how is not known here yet; try again`);
    const placement = placementOf(fact);
    if (!placement)
      return deny(
        "BadSelector",
        `the offloading of namespace ${namespace} cannot be read: ${JSON.stringify(fact)}`,
      );
    return hold(placed(pod, placement), pod, namespace, moves);
  };

import {
  type Condition,
  type ConditionInput,
  isDnsLabel,
  type NamespaceMap,
  setCondition,
  twinNamespace,
} from "@tideway/api";
import type { Twin } from "./manifests.ts";

/**
 * What the bus says about the consumer's identity here. Absent: nothing is known, and nothing is destroyed. Suspended: it
 * may do nothing, and its pods run on.
 */
export type Standing = "granted" | "suspended" | "revoked" | "unknown";

/** A namespace that this service once made for the consumer. */
export interface Existing {
  name: string;
  uid: string;
  source: string;
  terminating: boolean;
  /** Whether network policy, binding and service account stand. */
  furnished: boolean;
  /** Prefixes that its network policy opens. */
  open?: readonly string[] | undefined;
  /** Pod Security level that is enforced in it. */
  level?: string | undefined;
  /** ShadowPods, ShadowClaims and what was made from them is still in it. */
  occupied: boolean;
}

export interface World {
  origin: string;
  peer: string;
  standing: Standing;
  /** The consumer's wishes; undefined when it has withdrawn them all. */
  map: Readonly<NamespaceMap> | undefined;
  existing: readonly Existing[];
  /** Where the consumer's addresses are seen here; undefined: not known now, so what is open stays so. */
  open?: readonly string[] | undefined;
  /** Pod Security level that the owner wants; undefined: not asked about. */
  level?: string | undefined;
  /** Twins whose name something else holds, found by trying to create them. */
  taken: ReadonlySet<string>;
}

export type Effect =
  | { do: "create"; twin: Twin }
  | { do: "furnish"; twin: Twin }
  /** The Pod Security level has changed: what runs goes on, what comes has to be so. */
  | { do: "secure"; twin: Twin }
  /** Take the consumer's permissions away. */
  | { do: "unbind"; name: string }
  /** Delete the ShadowPods and ShadowClaims; what was made from them follows, but for data that is kept. */
  | { do: "empty"; name: string }
  | { do: "delete"; name: string; uid: string };

export interface TwinStatus {
  source: string;
  twin: string;
  ready: boolean;
  message?: string;
}

export interface Plan {
  effects: Effect[];
  /** What the map says about its namespaces when every effect succeeded; undefined: there is no map to say it on. */
  namespaces: TwinStatus[] | undefined;
}

const problemOf = (
  source: string,
  name: string,
  found: Existing | undefined,
  w: World,
): string | undefined => {
  if (found?.terminating) return `namespace ${name} is being deleted; it is made anew as soon as it is gone`;
  if (found && found.source !== source) return `namespace ${name} already stands for ${found.source}`;
  if (w.taken.has(name)) return `namespace ${name} exists here and does not belong to this peer`;
  return undefined;
};

export const readiness = (
  map: Readonly<NamespaceMap>,
  namespaces: readonly TwinStatus[],
  nowIso: string,
): Condition => {
  const broken = namespaces.filter((n) => !n.ready);
  const generation = map.metadata.generation;
  const condition: ConditionInput = {
    type: "Ready",
    status: broken.length > 0 ? "False" : "True",
    reason: broken.length > 0 ? "NamespacesNotReady" : "NamespacesReady",
    message:
      broken.length > 0
        ? `${broken.length} of ${namespaces.length} namespaces not ready: ${broken[0]?.message ?? ""}`
        : `${namespaces.length} namespaces ready`,
    ...(generation !== undefined ? { observedGeneration: generation } : {}),
  };
  return setCondition(map.status?.conditions, condition, nowIso);
};

/**
 * The key is taken away before anything slow is begun. Emptied before it is deleted: Kubernetes' namespace
 * controller looks again only after many seconds when it meets pods that are still ending.
 */
const removal = (e: Existing): Effect[] => {
  if (e.terminating) return [];
  const unbind: Effect = { do: "unbind", name: e.name };
  return [unbind, e.occupied ? { do: "empty", name: e.name } : { do: "delete", name: e.name, uid: e.uid }];
};

/** The twin namespaces of one consumer. */
export const decide = (w: World): Plan => {
  if (w.standing === "unknown") return { effects: [], namespaces: undefined };
  if (w.standing === "suspended") {
    const effects = w.existing
      .filter((e) => !e.terminating)
      .map(({ name }): Effect => ({ do: "unbind", name }));
    return { effects, namespaces: undefined };
  }
  if (w.standing === "revoked" || !w.map || w.map.metadata.deletionTimestamp !== undefined)
    return { effects: w.existing.flatMap(removal), namespaces: undefined };

  const byName = new Map(w.existing.map((e) => [e.name, e]));
  const wanted = new Set<string>();
  const effects: Effect[] = [];
  const namespaces: TwinStatus[] = [];
  for (const source of w.map.spec.namespaces) {
    if (!isDnsLabel(source)) continue;
    const name = twinNamespace(w.peer, source);
    const found = byName.get(name);
    wanted.add(name);
    const twin: Twin = { origin: w.origin, peer: w.peer, source, name, open: w.open ?? found?.open };
    const problem = problemOf(source, name, found, w);
    namespaces.push({
      source,
      twin: name,
      ready: problem === undefined,
      ...(problem ? { message: problem } : {}),
    });
    if (w.taken.has(name)) effects.push({ do: "create", twin });
    if (problem !== undefined) continue;
    if (!found) effects.push({ do: "create", twin });
    if (found && found.level !== w.level) effects.push({ do: "secure", twin });
    if (!found?.furnished) effects.push({ do: "furnish", twin });
  }
  effects.push(...w.existing.filter((e) => !wanted.has(e.name)).flatMap(removal));
  return { effects, namespaces };
};

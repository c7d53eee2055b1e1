/** What `tideway discover` says of a cluster: read from its ForeignCluster. Pure. */
import {
  BY_DISCOVERY,
  findCondition,
  type ForeignCluster,
  FOREIGN_CLUSTER_CONDITIONS,
  foundOf,
  MADE_BY,
  type Way,
} from "@tideway/api";

export const VERDICTS = ["join", "ask", "never", "decided", "conflict", "unknown"] as const;
/** decided: a person has. conflict: somebody announces it with another key. unknown: discovery has not looked yet. */
export type Verdict = (typeof VERDICTS)[number];

export interface FoundPlace {
  way: Way;
  domain: string;
  /** RFC 3339. */
  until: string;
  /** Seconds until it is over; 0 when it is. */
  secondsLeft: number;
}

export interface Discovered {
  name: string;
  clusterID: string;
  clusterName: string;
  /** Empty for a cluster that a person made known and left to the policy. */
  found: FoundPlace[];
  endpoint: string;
  pins: string[];
  verdict: Verdict;
  /** Why, in the words of discovery. */
  reason: string;
  /** This cluster uses it, or is used by it. */
  peered: boolean;
  /** Made of an announcement, and goes when that is over. */
  temporary: boolean;
}

const BY_REASON: Record<string, Verdict> = {
  JoinedByRule: "join",
  AsksPerson: "ask",
  NeverByRule: "never",
  DecidedByPerson: "decided",
  PinConflict: "conflict",
};

const PEERED = new Set(["NodeReady", "Providing"]);

/** Undefined for a cluster that was neither found nor left to the policy. */
export const discoveredOf = (fc: Readonly<ForeignCluster>, now: number): Discovered | undefined => {
  const { metadata, spec, status } = fc;
  const found = foundOf(fc);
  const said = findCondition(status?.conditions, FOREIGN_CLUSTER_CONDITIONS.discovered);
  if (found.length === 0 && !said && spec.outgoingPeering !== "Auto") return undefined;
  const ready = findCondition(status?.conditions, FOREIGN_CLUSTER_CONDITIONS.ready);
  return {
    name: metadata.name,
    clusterID: spec.clusterID,
    clusterName: spec.clusterName,
    found: found.map(({ way, domain, until }) => ({
      way,
      domain,
      until,
      secondsLeft: Math.max(0, Math.round((Date.parse(until) - now) / 1000)),
    })),
    endpoint: spec.authEndpoint,
    pins: [...spec.pins],
    verdict: BY_REASON[said?.reason ?? ""] ?? "unknown",
    reason: said?.message ?? "",
    peered: ready?.status === "True" && PEERED.has(ready.reason),
    temporary: metadata.labels?.[MADE_BY] === BY_DISCOVERY,
  };
};

/** All of it that a person would call a change: that its time goes by is none. */
export const sameButTime = (a: Discovered, b: Discovered): boolean => {
  const still = (d: Discovered): string =>
    JSON.stringify({ ...d, found: d.found.map((f) => `${f.way} ${f.domain}`) });
  return still(a) === still(b);
};

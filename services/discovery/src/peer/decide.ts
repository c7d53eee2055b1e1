/** World -> Plan for one ForeignCluster. Pure: no I/O, no clock, no randomness. */
import {
  type Condition,
  findCondition,
  type ForeignClusterStatus,
  FOREIGN_CLUSTER_CONDITIONS,
  sameConditions,
  setCondition,
} from "@tideway/api";
import type { Notice, PeerFact } from "../ports.ts";
import { discovered } from "./discovered.ts";
import { factOf, goneFact } from "./fact.ts";
import { reachable } from "./reachable.ts";
import { ready } from "./ready.ts";
import { allLeft, at, deadlineOf, isLeaving, type Line, type World } from "./world.ts";

/** Holds the ForeignCluster until nothing of the peering is left. */
export const FINALIZER = "discovery.tideway.dev/peer";

const TYPES = FOREIGN_CLUSTER_CONDITIONS;

export type Status = Pick<
  ForeignClusterStatus,
  "conditions" | "observedGeneration" | "tenantNamespace" | "peerNamespace" | "apiServer"
>;

export interface Plan {
  finalizer: "keep" | "drop";
  /** What is said of the peer; undefined: this ForeignCluster does not count. */
  fact: PeerFact | undefined;
  /** The finalizer does not wait for anybody any more. */
  overdue: boolean;
  /** Our part of the status; undefined: it is right as it is. */
  status: Status | undefined;
  /** The status changes again within moments by itself: it may be written later. */
  passing: boolean;
  notices: Notice[];
  recheckMs?: number;
}

const conditionOf = (w: World, type: string, { status, reason, message }: Line): Condition => {
  const { generation } = w.cluster.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return setCondition(
    w.cluster.status?.conditions,
    { type, status, reason, message, ...observed },
    at(w.now),
  );
};

const isNews = (before: Condition | undefined, line: Line): boolean => {
  if (line.serious) return before?.status !== line.status || before.reason !== line.reason;
  if (line.status === "True") return before?.status !== "True";
  return before?.status === "True";
};

const noticeOf = (w: World, type: string, line: Line): Notice[] => {
  const before = findCondition(w.cluster.status?.conditions, type);
  if (type === TYPES.reachable && line.status === "True" && before?.status !== "False" && !line.serious)
    return []; // as it should be
  return isNews(before, line)
    ? [{ type: line.serious ? "Warning" : "Normal", reason: line.reason, message: line.message }]
    : [];
};

const sameStatus = (w: World, next: Status): boolean => {
  const { status } = w.cluster;
  const own = [TYPES.discovered, TYPES.reachable, TYPES.ready].flatMap(
    (t) => findCondition(status?.conditions, t) ?? [],
  );
  return (
    sameConditions(own, next.conditions) &&
    status?.observedGeneration === next.observedGeneration &&
    status?.tenantNamespace === next.tenantNamespace &&
    status?.peerNamespace === next.peerNamespace &&
    status?.apiServer === next.apiServer
  );
};

const standing = <T extends { state: string }>(fact: T | undefined): T | undefined =>
  fact?.state === "GONE" ? undefined : fact;

const statusOf = (w: World, conditions: Condition[]): Status => {
  const outgoing = standing(w.heard.identity.outgoing);
  const incoming = standing(w.heard.identity.incoming);
  const { generation } = w.cluster.metadata;
  return {
    conditions,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(incoming?.localNamespace ? { tenantNamespace: incoming.localNamespace } : {}),
    ...(outgoing?.localNamespace ? { peerNamespace: outgoing.localNamespace } : {}),
    ...(outgoing?.apiServer ? { apiServer: outgoing.apiServer } : {}),
  };
};

/** Whether all that changes is a step on the way. */
const isPassing = (w: World, lines: Record<string, Line>): boolean =>
  Object.entries(lines).every(([type, line]) => {
    const before = findCondition(w.cluster.status?.conditions, type);
    const same =
      before?.status === line.status && before.reason === line.reason && before.message === line.message;
    return same || (line.passing === true && (before === undefined || before.status === line.status));
  });

/** A ForeignCluster that does not count says why, and holds nothing. */
const disregard = (w: World): Plan => {
  const line = ready(w);
  const status = statusOf({ ...w, heard: { identity: {}, offer: {} } }, [conditionOf(w, TYPES.ready, line)]);
  const same = sameStatus(w, status);
  const notices = same ? [] : noticeOf(w, TYPES.ready, line);
  return {
    finalizer: "drop",
    fact: undefined,
    overdue: false,
    status: same ? undefined : status,
    passing: false,
    notices,
  };
};

const finish = (w: World, fact: PeerFact, left: string[]): Plan => ({
  finalizer: "drop",
  fact: goneFact(fact),
  overdue: left.length > 0,
  status: undefined,
  passing: false,
  notices:
    left.length > 0
      ? [
          {
            type: "Warning",
            reason: "UnpeerIncomplete",
            message: `the ForeignCluster goes, although something is left for ${left.join(", ")}`,
          },
        ]
      : [],
});

export const decide = (w: World): Plan => {
  if (w.elder !== undefined || w.cluster.spec.clusterID === w.self) return disregard(w);
  const fact = factOf(w);
  const deadline = deadlineOf(w);
  const left = allLeft(w);
  const endMs = deadline === undefined ? undefined : deadline + w.graceMs - w.now;
  if (isLeaving(w) && (left.length === 0 || (endMs !== undefined && endMs <= 0)))
    return finish(w, fact, left);

  const news = discovered(w);
  const lines: Record<string, Line> = {
    ...(news ? { [TYPES.discovered]: news } : {}),
    [TYPES.reachable]: reachable(w),
    [TYPES.ready]: ready(w),
  };
  const status = statusOf(
    w,
    Object.entries(lines).map(([type, line]) => conditionOf(w, type, line)),
  );
  const same = sameStatus(w, status);
  const untilDeadline = deadline === undefined ? undefined : deadline - w.now;
  const recheckMs =
    untilDeadline !== undefined && untilDeadline > 0 ? untilDeadline : isLeaving(w) ? endMs : undefined;
  return {
    finalizer: "keep",
    fact,
    overdue: false,
    status: same ? undefined : status,
    passing: isPassing(w, lines),
    notices: same ? [] : Object.entries(lines).flatMap(([type, line]) => noticeOf(w, type, line)),
    ...(recheckMs === undefined ? {} : { recheckMs }),
  };
};

import { findCondition, FOREIGN_CLUSTER_CONDITIONS, isTrue } from "@tideway/api";
import type { Answer } from "../probe/health.ts";
import type { Line, World } from "./world.ts";

const TYPE = FOREIGN_CLUSTER_CONDITIONS.reachable;

/** Until the first certain answer, what was known before the start stays. */
export const isReachable = ({ health, cluster }: World): boolean =>
  !health || health.verdict === "Unknown"
    ? isTrue(cluster.status?.conditions, TYPE)
    : health.verdict === "Up";

const inWords = (ms: number): string => `${Number((ms / 1000).toPrecision(3))} s`;

/** As far as auth lets the clocks of two clusters be apart by default. */
const TOLERATED_MS = 300_000;

const answers = (endpoint: string, { clusterName, version, skewMs }: Answer): Line => {
  const isFar = Math.abs(skewMs) > TOLERATED_MS;
  const clock =
    skewMs === 0 ? "" : `; its clock is ${inWords(Math.abs(skewMs))} ${skewMs > 0 ? "ahead" : "behind"}`;
  const next = isFar ? ", more than the 5 minutes that are tolerated: set the clocks of both clusters" : "";
  return {
    status: "True",
    reason: isFar ? "ClockSkewed" : "Answers",
    message: `${endpoint} answers as cluster ${clusterName}, protocol ${version}${clock}${next}`,
    ...(isFar ? { serious: true } : {}),
  };
};

export const reachable = (w: World): Line => {
  const { health, cluster } = w;
  const { authEndpoint } = cluster.spec;
  const last = health?.last;
  if (health && health.verdict !== "Unknown" && last) {
    if (last.ok) return answers(authEndpoint, last);
    const error = last.error.startsWith(`${authEndpoint}:`) ? last.error : `${authEndpoint}: ${last.error}`;
    return {
      status: "False",
      reason: last.reason === "Timeout" ? "Unreachable" : last.reason,
      message: `${error}; next try within ${inWords(w.probeMs * 1.1)}`,
      serious: true,
    };
  }
  const before = findCondition(cluster.status?.conditions, TYPE);
  return before
    ? { status: before.status, reason: before.reason, message: before.message }
    : {
        status: "Unknown",
        reason: "Probing",
        message: `${authEndpoint} has not answered yet`,
        passing: true,
      };
};

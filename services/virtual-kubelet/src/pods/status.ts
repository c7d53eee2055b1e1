import { isDeepStrictEqual } from "node:util";
import type { Pod } from "@tideway/k8s";

export type PodStatus = NonNullable<Pod["status"]>;
type PodCondition = NonNullable<PodStatus["conditions"]>[number];
type ContainerStatus = NonNullable<PodStatus["containerStatuses"]>[number];

/** What comes back. Not PodScheduled: that one is the local scheduler's. */
const CONDITIONS: ReadonlySet<string> = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "ContainersReady",
  "Ready",
  "DisruptionTarget",
]);

/** The API server takes any word for a phase; controllers here know these. */
const PHASES: ReadonlySet<string> = new Set(["Pending", "Running", "Succeeded", "Failed", "Unknown"]);
const TERMINAL: ReadonlySet<string | undefined> = new Set(["Succeeded", "Failed"]);
export const isTerminal = (pod: Readonly<Pod> | undefined): boolean => TERMINAL.has(pod?.status?.phase);

/** Drops what is not set, so that two ways to say nothing compare equal. */
const compact = <T extends object>(o: T): T =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null)) as T;

const container = (c: ContainerStatus): ContainerStatus =>
  compact({
    name: c.name,
    state: c.state,
    lastState: c.lastState ?? {},
    ready: c.ready,
    restartCount: c.restartCount,
    image: c.image,
    imageID: c.imageID,
    containerID: c.containerID,
    started: c.started,
  }) as ContainerStatus;
const containers = (list: readonly ContainerStatus[] | undefined): ContainerStatus[] =>
  (list ?? []).map(container);

const sameCondition = (a: PodCondition | undefined, b: PodCondition): boolean =>
  a !== undefined &&
  a.status === b.status &&
  (a.reason ?? "") === (b.reason ?? "") &&
  (a.message ?? "") === (b.message ?? "");

/** Gates are decided by controllers of the consumer, so the consumer's pod waits for them. */
const gated = (local: Readonly<Pod>, c: PodCondition): PodCondition => {
  const gates = local.spec?.readinessGates ?? [];
  if (c.type !== "Ready" || c.status !== "True" || gates.length === 0) return c;
  const isOpen = (type: string): boolean =>
    local.status?.conditions?.some((x) => x.type === type && x.status === "True") ?? false;
  const closed = gates.filter((g) => !isOpen(g.conditionType));
  if (closed.length === 0) return c;
  const message = `the status of pod readiness gate ${JSON.stringify(closed[0]?.conditionType)} is not "True"`;
  return { ...c, status: "False", reason: "ReadinessGatesNotReady", message };
};

const changedConditions = (local: Readonly<Pod>, remote: Readonly<Pod>): PodCondition[] => {
  const have = new Map((local.status?.conditions ?? []).map((c) => [c.type, c]));
  return (remote.status?.conditions ?? [])
    .filter((c) => CONDITIONS.has(c.type))
    .map((c) => gated(local, c))
    .filter((c) => !sameCondition(have.get(c.type), c))
    .map(({ type, status, reason, message, lastTransitionTime }) => ({
      type,
      status,
      // null takes a reason off that is not said any more
      reason: reason ?? null,
      message: message ?? null,
      lastTransitionTime,
    })) as unknown as PodCondition[];
};

/** Where this cluster reaches the pod. */
export interface Addresses {
  podIPs: readonly string[];
  /** Of the virtual node. */
  hostIP: string;
}

/** Lists of addresses merge by `ip` in a strategic merge patch: an old one would stay. */
const ips = (have: readonly { ip: string }[] | undefined, want: readonly string[]): object[] => [
  ...(have?.length ? [{ $patch: "replace" }] : []),
  ...want.map((ip) => ({ ip })),
];

const addressChange = (have: PodStatus | undefined, want: Addresses | undefined): Record<string, unknown> => {
  const [first] = want?.podIPs ?? [];
  if (!want || first === undefined) return {}; // an address once shown stays until there is another one
  const shown = (have?.podIPs ?? (have?.podIP ? [{ ip: have.podIP }] : [])).map((p) => p.ip);
  if (isDeepStrictEqual(shown, [...want.podIPs])) return {};
  return {
    podIP: first,
    podIPs: ips(have?.podIPs, want.podIPs),
    hostIP: want.hostIP,
    hostIPs: ips(have?.hostIPs, [want.hostIP]),
  };
};

/** The part of the status that has to change, as a strategic merge patch (conditions merge by type); undefined: none. */
export const statusChange = (
  local: Readonly<Pod>,
  remote: Readonly<Pod>,
  addresses?: Addresses,
): Record<string, unknown> | undefined => {
  const [have, want] = [local.status, remote.status];
  if (!want?.phase || !PHASES.has(want.phase)) return undefined;
  const change: Record<string, unknown> = {};
  if (have?.phase !== want.phase) change.phase = want.phase;
  for (const field of ["reason", "message"] as const)
    if ((have?.[field] ?? "") !== (want[field] ?? "")) change[field] = want[field] ?? null;
  if (want.startTime && have?.startTime !== want.startTime) change.startTime = want.startTime;
  const conditions = changedConditions(local, remote);
  if (conditions.length > 0) change.conditions = conditions;
  for (const field of ["initContainerStatuses", "containerStatuses"] as const) {
    const wanted = containers(want[field]);
    if (wanted.length > 0 && !isDeepStrictEqual(containers(have?.[field]), wanted)) change[field] = wanted;
  }
  Object.assign(change, addressChange(have, addresses));
  return Object.keys(change).length > 0 ? change : undefined;
};

const kindOf = (c: ContainerStatus | undefined): string => {
  if (c?.state?.running) return "running";
  if (c?.state?.terminated) return "terminated";
  const reason = c?.state?.waiting?.reason ?? "";
  return reason === "ContainerCreating" || reason === "PodInitializing" ? "" : reason;
};
const milestones = (s: Readonly<PodStatus> | undefined): unknown[] => [
  s?.conditions?.find((c) => c.type === "Ready")?.status ?? "False",
  ...[...(s?.initContainerStatuses ?? []), ...(s?.containerStatuses ?? [])]
    .map((c) => [kindOf(c), c.ready, c.restartCount])
    .filter(([kind]) => kind !== ""),
];

/**
 * Whether somebody may wait for this change: phase, readiness, a container that started, ended or is in trouble; or an
 * address, by which our gateway knows the pod: until it does, what the pod sends is dropped.
 */
export const isUrgent = (local: Readonly<Pod>, remote: Readonly<Pod>, addresses?: Addresses): boolean =>
  (addresses?.podIPs[0] !== undefined && local.status?.podIP !== addresses.podIPs[0]) ||
  (local.status?.phase ?? "Pending") !== remote.status?.phase ||
  !isDeepStrictEqual(milestones(local.status), milestones(remote.status));

/** What a pod says that ended without its containers saying so. */
export const endedStatus = (
  phase: "Failed" | "Succeeded",
  reason: string,
  message: string,
  at: string,
): Record<string, unknown> => ({
  phase,
  reason,
  message,
  conditions: ["Ready", "ContainersReady"].map((type) => ({
    type,
    status: "False",
    reason: phase === "Succeeded" ? "PodCompleted" : "PodFailed",
    message: null,
    lastTransitionTime: at,
  })),
});

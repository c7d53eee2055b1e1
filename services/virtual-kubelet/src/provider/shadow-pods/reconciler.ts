import { findCondition, ORIGIN, PEER, type ShadowPod } from "@tideway/api";
import type { Audit } from "@tideway/audit";
import type { Reconcile, ReconcileResult } from "@tideway/controller";
import { type Informer, type Kube, type Namespace, type Pod, pods, splitKey } from "@tideway/k8s";
import type { Clock } from "../../ports.ts";
import { FIELD_MANAGER } from "../labels.ts";
import type { Policies } from "../policies.ts";
import type { Given, Pools } from "../pools.ts";
import type { PodBuilder } from "../ports.ts";
import type { Outcome, Room, Turn } from "../quotas/room.ts";
import { condition, decide, type Effect, isConcluded, ownerOf, type World } from "./decide.ts";
import { forward, type PodPatch } from "./forward.ts";
import type { Memory } from "./memory.ts";
import {
  conclude,
  type Created,
  createPod,
  isOrphan,
  type PerformDeps,
  releasePod,
  report,
  tellEvent,
} from "./perform.ts";

export interface ShadowPodDeps {
  kube: Kube;
  clock: Clock;
  builder: PodBuilder;
  shadows: Informer<ShadowPod>;
  pods: Informer<Pod>;
  /** Namespaces matching TWIN_SELECTOR. */
  twins: Informer<Namespace>;
  memory: Memory;
  room: Room;
  policies: Policies;
  pools: Pick<Pools, "of">;
  audit: Pick<Audit, "record">;
  owns(clusterID: string): boolean;
  refusedRetryMs: number;
  onCreated?: () => void;
}

/** A pod of an earlier ShadowPod is still going, or our caches lag: look again after this long, in ms. */
const SOON_MS = 250;

/** Key: `namespace/name` of a ShadowPod and of its pod. */
export const makeShadowPodReconciler = (d: ShadowPodDeps): Reconcile => {
  const policyOf = (twin: Readonly<Namespace>) => d.policies(twin.metadata.labels?.[PEER] ?? "");

  const givenTo = (shadow: Readonly<ShadowPod>, twin: Readonly<Namespace>): Given =>
    d.pools.of(twin.metadata.labels?.[ORIGIN] ?? "", shadow.spec.pool ?? "");
  /** Where nothing is known, what is in no pool goes on as before. */
  const poolState = (shadow: Readonly<ShadowPod>, twin: Readonly<Namespace>): World["pool"] => {
    const given = givenTo(shadow, twin);
    if (typeof given === "object" || !shadow.spec.pool) return "given";
    return given;
  };

  const gather = (key: string, twin: Readonly<Namespace>): World => {
    const shadow = d.shadows.get(key);
    const found = d.pods.get(key);
    const uid = shadow?.metadata.uid ?? "";
    const pod = found && ownerOf(found) !== undefined ? found : undefined;
    return {
      shadow,
      pod,
      nameTaken: found !== undefined && pod === undefined,
      namespace: twin.metadata.deletionTimestamp ? "terminating" : "twin",
      concluded: shadow !== undefined && (isConcluded(shadow) || d.memory.concluded(uid)),
      ended: d.memory.endOf(uid),
      departed: pod && d.memory.departed(key, ownerOf(pod)),
      refusals: shadow && !pod ? d.builder.refusals(shadow, policyOf(twin)) : [],
      pool: shadow && !pod ? poolState(shadow, twin) : "given",
    };
  };

  const build = (shadow: Readonly<ShadowPod>, twin: Readonly<Namespace>): Pod => {
    const { [ORIGIN]: clusterID = "", [PEER]: peer = "" } = twin.metadata.labels ?? {};
    const given = givenTo(shadow, twin);
    const nodes = typeof given === "object" ? given.nodes : [];
    return d.builder.build(shadow, { clusterID, peer, nodes }, policyOf(twin));
  };

  /** Said once: the numbers change with every pod of the tenant. */
  const reportNoRoom = async (
    p: PerformDeps,
    shadow: Readonly<ShadowPod>,
    { reason, message }: Exclude<Turn, { granted: true }>,
  ): Promise<void> => {
    if (findCondition(shadow.status?.conditions, "Ready")?.reason !== reason)
      await report(p, shadow, "Pending", condition(shadow, reason, message));
  };

  const makePod = async (
    p: PerformDeps,
    key: string,
    shadow: Readonly<ShadowPod>,
    twin: Readonly<Namespace>,
  ): Promise<ReconcileResult> => {
    const turn = await d.room.reserve(key, twin, shadow, d.builder.amounts(shadow, policyOf(twin)));
    if (!turn.granted) {
      await reportNoRoom(p, shadow, turn);
      return {}; // the room itself wakes us
    }
    if ("waitMs" in turn) return { requeueAfterMs: turn.waitMs };
    let outcome: Outcome = "unknown";
    try {
      const created = await createPod(p, shadow, build(shadow, twin), d.refusedRetryMs);
      outcome = created.outcome === "made" ? "made" : "not made";
      return await answer(p, shadow, created);
    } finally {
      d.room.tried(shadow, outcome);
    }
  };

  const answer = async (
    p: PerformDeps,
    shadow: Readonly<ShadowPod>,
    created: Created,
  ): Promise<ReconcileResult> => {
    if (created.outcome === "retry") return { requeueAfterMs: SOON_MS };
    if (created.outcome === "refused") {
      await report(p, shadow, created.phase, created.condition);
      return created.phase === "Failed" ? {} : { requeueAfterMs: d.refusedRetryMs };
    }
    d.memory.markCompared(shadow);
    d.onCreated?.();
    return {};
  };

  /** A new image has to be one that may run here: else the pod keeps the one it has, and an Event says why. */
  const allowedOf = async (
    p: PerformDeps,
    shadow: Readonly<ShadowPod>,
    twin: Readonly<Namespace>,
    patch: PodPatch | undefined,
  ): Promise<PodPatch | undefined> => {
    if (!patch?.spec?.containers && !patch?.spec?.initContainers) return patch;
    const refused = d.builder.refusals(shadow, policyOf(twin));
    if (refused.length === 0) return patch;
    const message = refused.map((r) => `spec.pod.${r.field}: ${r.message}`).join("; ");
    p.refused(shadow, "PolicyRefused", message);
    await tellEvent(p, shadow, "PolicyRefused", message);
    const { containers: _, initContainers: __, ...spec } = patch.spec;
    return { ...patch, spec };
  };

  const bringUp = async (
    p: PerformDeps,
    shadow: Readonly<ShadowPod>,
    pod: Readonly<Pod>,
    twin: Readonly<Namespace>,
  ): Promise<void> => {
    if (d.memory.compared(shadow)) return;
    const { name, namespace } = pod.metadata;
    const patch = await allowedOf(p, shadow, twin, forward(shadow, build(shadow, twin), pod));
    if (patch)
      await d.kube.patch(pods, name, namespace, patch, {
        type: "strategic",
        fieldManager: FIELD_MANAGER,
        signal: p.signal,
      });
    d.memory.markCompared(shadow);
  };

  const dismiss = async (
    p: PerformDeps,
    key: string,
    e: Effect & { do: "dismiss" },
  ): Promise<ReconcileResult> => {
    const { namespace = "", name } = splitKey(key);
    if (e.verify && !(await isOrphan(p, namespace, name, e.owner))) return { requeueAfterMs: SOON_MS };
    const grace = e.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: e.gracePeriodSeconds };
    if (e.end) await d.kube.delete(pods, name, namespace, { uid: e.uid, signal: p.signal, ...grace });
    await releasePod(p, namespace, name, e.uid);
    return {};
  };

  const refusedOf =
    (twin: Readonly<Namespace>): PerformDeps["refused"] =>
    ({ metadata: { namespace = "", name } }, reason, message) => {
      const { [ORIGIN]: clusterID = "", [PEER]: clusterName = "" } = twin.metadata.labels ?? {};
      d.audit.record({
        peer: clusterID,
        actor: { clusterID, clusterName },
        action: "create-pod",
        object: `ShadowPod/${namespace}/${name}`,
        outcome: "DENIED",
        reason,
        message,
      });
    };

  return async (key, { signal, log }) => {
    const { namespace = "", name } = splitKey(key);
    const twin = d.twins.get(namespace);
    if (!twin || !d.owns(twin.metadata.labels?.[ORIGIN] ?? "")) return {};
    const world = gather(key, twin);
    const { shadow, pod } = world;
    await d.room.settle(key, twin, world);
    const p: PerformDeps = { kube: d.kube, clock: d.clock, signal, refused: refusedOf(twin) };
    let result: ReconcileResult = {};
    for (const effect of decide(world)) {
      switch (effect.do) {
        case "create":
          if (shadow) result = await makePod(p, key, shadow, twin);
          break;
        case "forward":
          if (shadow && pod) await bringUp(p, shadow, pod, twin);
          break;
        case "dismiss":
          result = await dismiss(p, key, effect);
          break;
        case "release":
          await releasePod(p, namespace, name, effect.uid);
          break;
        case "conclude":
          if (!shadow) break;
          await conclude(p, shadow, effect.ended);
          d.memory.conclude(shadow.metadata.uid ?? "");
          log.info(
            { reason: effect.ended.reason, phase: effect.ended.phase },
            "pod ended in this cluster; its ShadowPod is concluded",
          );
          break;
        case "report":
          if (shadow) await report(p, shadow, effect.phase, effect.condition);
          if (effect.condition.reason === "NameTaken") result = { requeueAfterMs: d.refusedRetryMs };
          break;
      }
    }
    return result;
  };
};

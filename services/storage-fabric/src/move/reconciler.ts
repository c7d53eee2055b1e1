import type { Reconcile } from "@tideway/controller";
import type { Informer, Node, Pod } from "@tideway/k8s";
import { PEER, REMOTE_CLUSTER_ID, VIRTUAL_NODE, type VolumeMove } from "@tideway/api";
import { isAtPeer, isDeleted, peerOf, uidOf, type Volume } from "../claim/model.ts";
import type { StorageFabricMetrics } from "../metrics.ts";
import { decide } from "./decide.ts";
import { type Move, MOVE_FINALIZER, partName } from "./model.ts";
import { perform, type MovePerformDeps } from "./perform.ts";
import type { World } from "./plan.ts";

export interface MoveDeps extends MovePerformDeps {
  moves: Informer<VolumeMove>;
  /** Pods of a namespace in which something moves; undefined while they are not all known. */
  podsOf(namespace: string): readonly Readonly<Pod>[] | undefined;
  /** Strategy of an offloaded namespace. */
  strategyOf(namespace: string): string | undefined;
  metrics: Pick<StorageFabricMetrics, "moved">;
}

const OVER: readonly unknown[] = ["Refused", "Complete"];
export const isOver = (m: Move): boolean =>
  OVER.includes(m.status?.phase) && m.metadata.finalizers === undefined;

/** Whether the pods of the volume run on this node. */
const holds = (v: Volume, n: Readonly<Node>): boolean => {
  const labels = n.metadata.labels ?? {};
  if (isAtPeer(v)) return labels[REMOTE_CLUSTER_ID] === peerOf(v);
  const terms = v.spec?.nodeAffinity?.required?.nodeSelectorTerms;
  // a volume that any node of this cluster reaches is at all of them
  if (!terms) return labels[VIRTUAL_NODE] !== "true";
  return terms.some((t) =>
    (t.matchExpressions ?? []).every(
      (e) => e.operator === "In" && (e.values ?? []).includes(labels[e.key] ?? ""),
    ),
  );
};

const placesOf = (d: MoveDeps, m: Move): Readonly<Node>[] => {
  const { node, peer } = m.spec.to;
  return d.objects.nodes
    .list()
    .filter((n) =>
      peer === undefined
        ? n.metadata.name === node
        : n.metadata.labels?.[VIRTUAL_NODE] === "true" &&
          (n.metadata.labels[PEER] === peer || n.metadata.name === peer),
    );
};

const observe = (d: MoveDeps, move: Move, pods: readonly Readonly<Pod>[]): World => {
  const { namespace = "" } = move.metadata;
  const claim = d.objects.claims.get(`${namespace}/${move.spec.claim}`);
  const targetClaim = d.objects.claims.get(`${namespace}/${partName(move)}`);
  const volume = (name: string | undefined) => (name ? d.objects.volumes.get(name) : undefined);
  const source = volume(move.status?.source?.volume ?? claim?.spec?.volumeName);
  const target = volume(move.status?.target?.volume ?? targetClaim?.spec?.volumeName);
  const places = placesOf(d, move);
  const other = d.moves
    .list()
    .find(
      (m) =>
        m.metadata.namespace === namespace &&
        m.spec.claim === move.spec.claim &&
        uidOf(m) !== uidOf(move) &&
        !isDeleted(m) &&
        ["Copying", "Stopping", "Finishing", "Switching"].includes(m.status?.phase ?? ""),
    );
  return {
    move,
    claim,
    class: d.objects.classes.get(claim?.spec?.storageClassName ?? ""),
    source,
    targetClaim,
    target,
    places,
    there: source !== undefined && places.length > 0 && places.every((n) => holds(source, n)),
    strategy: d.strategyOf(namespace),
    atPeer: places.some((n) => n.metadata.labels?.[VIRTUAL_NODE] === "true"),
    pods,
    other: other?.metadata.name,
    nowMs: d.clock.now(),
  };
};

/** Key: `namespace/name` of a VolumeMove. */
export const makeMoveReconciler =
  (d: MoveDeps): Reconcile =>
  async (key, { signal, log }) => {
    const move = d.moves.get(key);
    if (!move || isOver(move) || !d.owns(uidOf(move))) return {};
    const held = move.metadata.finalizers?.includes(MOVE_FINALIZER) ?? false;
    // the right to look at the namespace comes with it
    if (!held && !isDeleted(move) && !OVER.includes(move.status?.phase))
      await perform(d, move, { do: "hold" }, signal);
    const pods = d.podsOf(move.metadata.namespace ?? "");
    if (!pods) return {}; // its first complete look wakes us
    const plan = decide(observe(d, move, pods));
    for (const effect of plan.effects) {
      await perform(d, move, effect, signal);
      if (effect.do === "say") d.metrics.moved((effect.status?.bytes ?? 0) - (move.status?.bytes ?? 0));
    }
    const done = plan.effects.map((e) => e.do).filter((w) => w !== "publish");
    if (done.length > 0) log.debug({ done, phase: move.status?.phase }, "move reconciled");
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
  };

import { MOVE, MOVE_GATE, type VolumeMove } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import { uidOf } from "../claim/model.ts";

export type Move = Readonly<VolumeMove>;
export type MovePhase = NonNullable<NonNullable<VolumeMove["status"]>["phase"]>;

/** Held on a VolumeMove while pods may wait because of it. */
export const MOVE_FINALIZER = "storage.tideway.dev/move";
/** Port of the receiving rsync daemon. */
export const PORT = 8873;

/** Names of what a move makes; all in the namespace of the claim. */
export const partName = (m: Move): string => `tideway-move-${uidOf(m).slice(0, 8)}`;
export const receiverName = (m: Move): string => `${partName(m)}-to`;
/** One pod a copy, so that its log and its end are of that copy alone. */
export const senderName = (m: Move, pass: number): string => `${partName(m)}-copy-${pass}`;
/** The claim that data is kept under when its own name has gone to the moved one. */
export const keptName = (m: Move): string => `${m.spec.claim.slice(0, 200)}-before-${uidOf(m).slice(0, 8)}`;

export const isMover = (p: Readonly<Pod>): boolean => p.metadata.labels?.[MOVE] !== undefined;
export const isGated = (p: Readonly<Pod>): boolean =>
  p.spec?.schedulingGates?.some((g) => g.name === MOVE_GATE) ?? false;
export const mounts = (p: Readonly<Pod>, claim: string): boolean =>
  p.spec?.volumes?.some((v) => v.persistentVolumeClaim?.claimName === claim) ?? false;
/** Nobody makes it again when it is deleted. */
export const isBare = (p: Readonly<Pod>): boolean =>
  !(p.metadata.ownerReferences ?? []).some((o) => o.controller === true);
/**
 * Pods of the user that hold the claim: they have the data in hands, may soon have it, or have ended, for Kubernetes lets
 * no claim go before the last pod that names it.
 */
export const isUsing = (p: Readonly<Pod>, claim: string): boolean =>
  mounts(p, claim) && !isMover(p) && !isGated(p);

/** What the copying container said when it ended: bytes sent. */
export const bytesOf = (p: Readonly<Pod>): number => {
  const said = p.status?.containerStatuses?.[0]?.state?.terminated?.message ?? "";
  const n = Number(/^bytes=(\d+)/m.exec(said)?.[1] ?? 0);
  return Number.isSafeInteger(n) ? n : 0;
};
/** Ms since the epoch; 0 where the kubelet has not said it. */
export const endedAt = (p: Readonly<Pod>): number =>
  Date.parse(p.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt ?? "") || 0;
export const failureOf = (p: Readonly<Pod>): string => {
  const end = p.status?.containerStatuses?.[0]?.state?.terminated;
  return end?.message?.trim() || p.status?.message || `exit code ${end?.exitCode ?? "unknown"}`;
};

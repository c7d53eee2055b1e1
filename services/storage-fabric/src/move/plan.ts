/** What a move may do, and the words that its decisions share. */
import type { VolumeMove } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import type { FactInput } from "@tideway/protos";
import { type Claim, isDeleted, uidOf, type Volume } from "../claim/model.ts";
import type { Case } from "./checks.ts";
import { isGated, type Move, type MovePhase, mounts } from "./model.ts";

export interface World extends Case {
  /** The claim that gets the data. */
  targetClaim: Claim | undefined;
  /** The volume that gets the data. */
  target: Volume | undefined;
  nowMs: number;
}

export type Status = NonNullable<VolumeMove["status"]>;
export interface Saying {
  status: "True" | "False";
  reason: string;
  message: string;
}

export type Effect =
  | { do: "hold" }
  | { do: "unhold" }
  /** The claim that gets the data, and before it the password of the copy. */
  | { do: "makeTarget"; claim: Claim }
  | { do: "makeReceiver"; nodes: string[] }
  | { do: "makeSender"; pass: number; final: boolean }
  | { do: "deletePod"; name: string; uid: string }
  | { do: "openPod"; name: string; uid: string }
  /** The volume outlives its claim. */
  | { do: "retain"; volume: string; uid: string }
  /**
   * The volume is for the claim of this name; `claimUid` undefined: of whichever UID. `version`: only as it was seen, for
   * once it is bound that would part them.
   */
  | { do: "point"; volume: string; uid: string; version: string; name: string; claimUid?: string }
  | { do: "reclaim"; volume: string; uid: string; policy: string }
  | { do: "dropClaim"; name: string; uid: string }
  | { do: "makeClaim"; volume: string }
  /** The volume controller is to look at the claim again. */
  | { do: "bindAgain"; name: string }
  | { do: "publish"; fact: FactInput<"move"> }
  | { do: "say"; phase: MovePhase; saying: Saying; status?: Partial<Status> };

export interface Plan {
  effects: Effect[];
  recheckMs?: number;
}

export const place = ({ spec }: Move): string => spec.to.peer ?? spec.to.node ?? "";

export const publish = (
  w: World,
  state: FactInput<"move">["state"],
  reason: string,
  message = "",
): Effect => ({
  do: "publish",
  fact: {
    state,
    namespace: w.move.metadata.namespace ?? "",
    claim: w.move.spec.claim,
    move: w.move.metadata.name,
    to: place(w.move),
    bytes: String(w.move.status?.bytes ?? 0),
    reason,
    message,
  },
});

export const say = (
  phase: MovePhase,
  reason: string,
  message: string,
  status?: Partial<Status>,
): Effect & { do: "say" } => ({
  do: "say",
  phase,
  saying: { status: phase === "Moved" || phase === "Complete" ? "True" : "False", reason, message },
  ...(status ? { status } : {}),
});

export const deletePod = (p: Readonly<Pod>): Effect[] =>
  isDeleted(p) ? [] : [{ do: "deletePod", name: p.metadata.name, uid: uidOf(p) }];
/** Pods that waited for the move may start. */
export const open = (w: World): Effect[] =>
  w.pods
    .filter((p) => isGated(p) && mounts(p, w.move.spec.claim))
    .map((p) => ({ do: "openPod", name: p.metadata.name, uid: uidOf(p) }));

export const versionOf = (v: Volume): string => v.metadata.resourceVersion ?? "";

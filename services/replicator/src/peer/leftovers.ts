import { isCopy, PEER } from "@tideway/api/names";
import type { Reconcile } from "@tideway/controller";
import { isConflict, isNotFound } from "@tideway/errors";
import { isCopyFrom, isDeleting, isHeld } from "../copy/body.ts";
import { type CopyObject, type Kind, lanesOf } from "../ports.ts";
import type { Local } from "./local.ts";

/** Who a local namespace is shared with, as far as identities tell. */
export type Tie =
  /** The peer's session looks after it. */
  | { is: "held" }
  /** No session, and none will help: after `at` (ms since the epoch; undefined: not yet known) it is over. */
  | { is: "waiting"; at: number | undefined }
  | { is: "over"; peerId: string }
  /** No identity has that namespace. */
  | { is: "unknown" };

export interface LeftoverDeps {
  local: Local;
  kinds: readonly Kind[];
  tie(namespace: string): Tie;
  /** Which replica does it; any name will do. */
  owns(id: string): boolean;
  now(): number;
}

/** A deletion waits this long for an identity to turn up, since facts may be on their way. */
const UNKNOWN_GRACE_MS = 10_000;
const LOOK_AGAIN_MS = 5_000;

export const leftoverKey = (kind: Kind, namespace: string, name: string): string =>
  `${kind.name} ${namespace} ${name}`;

/** Whether the object may need this: the cheap question asked at every event. */
export const mayBeLeftover = (kind: Kind, o: Readonly<CopyObject>): boolean =>
  isCopy(o)
    ? lanesOf(kind).includes("Pull") && o.metadata.labels?.[PEER] !== undefined // one without it was pushed here
    : lanesOf(kind).includes("Push") && isDeleting(o) && isHeld(o);

/** Frees what no session can free any more: origins held for a peering that is over, and copies it left here. */
export const createLeftovers = (d: LeftoverDeps): Reconcile => {
  return async (key, { signal }) => {
    const [kindName, namespace = "", name = ""] = key.split(" ");
    const kind = d.kinds.find((k) => k.name === kindName);
    const object = kind && d.local.get(kind, `${namespace}/${name}`);
    if (!kind || !object || !mayBeLeftover(kind, object) || !d.owns(namespace)) return {};
    const tie = d.tie(namespace);
    if (tie.is === "held") return {};
    const end = d.local.end(kind, namespace);
    const uid = object.metadata.uid ?? "";
    if (isCopy(object)) {
      if (tie.is === "over" && isCopyFrom(object, tie.peerId)) await end.delete(name, uid, signal);
      return {};
    }
    const over =
      tie.is === "over"
        ? 0
        : tie.is === "unknown"
          ? Date.parse(object.metadata.deletionTimestamp ?? "") + UNKNOWN_GRACE_MS
          : (tie.at ?? d.now() + LOOK_AGAIN_MS);
    if (over > d.now()) return { requeueAfterMs: over - d.now() + 1 };
    try {
      await end.update({ metadata: { name, uid, finalizers: [] } }, { signal });
    } catch (err) {
      if (!isConflict(err) && !isNotFound(err)) throw err; // gone already
    }
    return {};
  };
};

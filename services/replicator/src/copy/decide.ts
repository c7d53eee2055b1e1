import { isCopy } from "@tideway/api/names";
import type { Applied, CopyObject, Kind, Lane } from "../ports.ts";
import { copyBody, isCopyFrom, isDeleting, isHeld, isUpToDate, originUidOf, saysTheSame } from "./body.ts";
import { bodyFingerprint, fingerprint, sameStatus } from "./compare.ts";
import { translateStatus } from "./status.ts";

/** What was last applied onto an object, and what came out: a server may default or prune, and that is settled. */
export interface Settled {
  fingerprint: string;
  resourceVersion: string;
}

export interface World {
  kind: Pick<Kind, "status">;
  lane: Lane;
  /** ID of the cluster on which origins live: ours for Push, the peer's for Pull. */
  originCluster: string;
  /** Labels a copy gets besides the origin's cluster. */
  copyLabels: Readonly<Record<string, string>>;
  origin: Readonly<CopyObject> | undefined;
  /** The origin's cache has held a complete list, so that its absence counts. */
  originSynced: boolean;
  copy: Readonly<CopyObject> | undefined;
  copySynced: boolean;
  /** The peer is not known to be away. */
  reachable: boolean;
  /** The peering is over or its deadline has passed: nothing is expected of the peer any more. */
  ended: boolean;
  /** There may be one more copy of a peer's object here. Always for Push: those are our own. */
  hasRoom: boolean;
  settled: { body?: Settled | undefined; status?: Settled | undefined };
}

export type Effect =
  /** Puts the finalizer on the origin. */
  | { do: "hold"; uid: string }
  /** Drops the finalizer, after asking the copy's API server that no copy is left, where `confirm` is set. */
  | { do: "release"; uid: string; confirm: boolean }
  | { do: "createCopy"; body: Applied }
  | { do: "updateCopy"; body: Applied }
  /** Deletes that copy, after asking the origin's API server that `originUid` no longer stands, where it is set. */
  | { do: "deleteCopy"; uid: string; originUid: string | undefined }
  | { do: "writeStatus"; on: "origin" | "copy"; uid: string; status: Record<string, unknown> };

export type State =
  /** Nothing there, or nothing that concerns us. */
  | "Nothing"
  | "InSync"
  /** Something has to be done, or the other side has to finish something. */
  | "Pending"
  /** Another object holds the copy's name; it is not ours to touch. */
  | "NameTaken"
  /** The peer has more objects of the kind than are copied, or one larger than is: see MAX_PULLED. */
  | "TooMuch";

export interface Plan {
  /** In this order. Those that need the peer are left out while it cannot be reached. */
  effects: Effect[];
  state: State;
}

/** Objects of one kind that are copied from one peer, and bytes of one: a peer must not fill our store. */
export const MAX_PULLED = { objects: 64, bytes: 256 * 1024 };

const isTooLarge = (o: Readonly<CopyObject>): boolean => {
  try {
    return JSON.stringify([o.spec, o.status]).length > MAX_PULLED.bytes;
  } catch {
    return true; // nested deeper than any object is
  }
};

const uidOf = (o: Readonly<CopyObject>): string => o.metadata.uid ?? "";
const nothing: Plan = { effects: [], state: "Nothing" };
const wait: Plan = { effects: [], state: "Pending" };

const isSettled = (o: Readonly<CopyObject>, wanted: string, settled: Settled | undefined): boolean =>
  settled?.resourceVersion === o.metadata.resourceVersion && settled?.fingerprint === wanted;

/** Removes a copy whose origin is not the one that stands now. */
const removeCopy = (w: World, copy: Readonly<CopyObject>): Plan => {
  if (isDeleting(copy)) return wait;
  const originUid = w.ended && w.lane === "Pull" ? undefined : originUidOf(copy);
  return { effects: [{ do: "deleteCopy", uid: uidOf(copy), originUid }], state: "Pending" };
};

const statusEffects = (w: World, origin: Readonly<CopyObject>, copy: Readonly<CopyObject>): Effect[] => {
  if (!w.kind.status) return [];
  const [from, to, on] =
    w.lane === "Push" ? ([copy, origin, "origin"] as const) : ([origin, copy, "copy"] as const);
  const status = translateStatus(from, to, isUpToDate(copy, origin));
  if (sameStatus(status, to.status) || isSettled(to, fingerprint(status), w.settled.status)) return [];
  return [{ do: "writeStatus", on, uid: uidOf(to), status }];
};

/** A pushed origin that is on its way out and waits for us. */
const letGo = (w: World, origin: Readonly<CopyObject>, copy: Readonly<CopyObject> | undefined): Plan => {
  const release = (confirm: boolean): Plan => ({
    effects: [{ do: "release", uid: uidOf(origin), confirm }],
    state: "Pending",
  });
  if (w.ended) return release(false);
  if (copy) return { ...removeCopy(w, copy), state: "Pending" };
  return w.copySynced ? release(true) : wait; // an absence nobody has looked for is none
};

const keepAlike = (w: World, origin: Readonly<CopyObject>, copy: Readonly<CopyObject> | undefined): Plan => {
  const body = copyBody(origin, w.originCluster, w.copyLabels);
  const hold: Effect[] = w.lane === "Push" && !isHeld(origin) ? [{ do: "hold", uid: uidOf(origin) }] : [];
  if (!copy) return { effects: [...hold, { do: "createCopy", body }], state: "Pending" };
  if (originUidOf(copy) !== uidOf(origin)) return removeCopy(w, copy); // of an earlier origin of the same name
  if (isDeleting(copy)) return wait; // made anew when it is gone
  body.metadata.uid = uidOf(copy);
  const alike = saysTheSame(copy, body) || isSettled(copy, bodyFingerprint(body), w.settled.body);
  const effects: Effect[] = [
    ...hold,
    ...(alike ? [] : [{ do: "updateCopy", body } as const]),
    ...statusEffects(w, origin, copy),
  ];
  return { effects, state: effects.length > 0 ? "Pending" : "InSync" };
};

const decideAll = (w: World): Plan => {
  const push = w.lane === "Push";
  const origin = w.origin && !isCopy(w.origin) ? w.origin : undefined; // else things would travel in circles
  const copy = w.copy && isCopyFrom(w.copy, w.originCluster) ? w.copy : undefined;
  if (w.ended && !push) return copy ? removeCopy(w, copy) : nothing;
  if (push && origin && isDeleting(origin))
    return isHeld(origin) ? letGo(w, origin, copy) : copy && !w.ended ? removeCopy(w, copy) : nothing;
  if (!origin) return copy && w.originSynced && !w.ended ? removeCopy(w, copy) : nothing;
  if (w.ended) return nothing;
  if (w.copy && !copy) return { effects: [], state: "NameTaken" };
  if (!push && ((!copy && !w.hasRoom) || isTooLarge(origin))) return { effects: [], state: "TooMuch" };
  return keepAlike(w, origin, copy);
};

/** Whether the effect, or what has to be asked before it, needs the peer's API server. */
const needsPeer = (w: World, e: Effect): boolean => {
  const push = w.lane === "Push";
  switch (e.do) {
    case "hold":
      return true; // of no use before the copy can be made, and would only delay a deletion
    case "release":
      return e.confirm;
    case "createCopy":
    case "updateCopy":
      return push;
    case "deleteCopy":
      return push || e.originUid !== undefined;
    case "writeStatus":
      return e.on === (push ? "copy" : "origin");
  }
};

/** Pure: one object and its counterpart in, what to do out. */
export const decide = (w: World): Plan => {
  const plan = decideAll(w);
  return w.reachable ? plan : { ...plan, effects: plan.effects.filter((e) => !needsPeer(w, e)) };
};

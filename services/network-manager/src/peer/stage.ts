/** How far the network to a peer should be, from what others say. Pure. */
import type { FactOf } from "@tideway/protos";

export interface Word {
  /** Whether the owner wants to consume the peer; undefined: not told. */
  wanted: boolean | undefined;
  /** Our identity at the peer, and the peer's here; undefined: not told. */
  outgoing: FactOf["identity"]["state"] | undefined;
  incoming: FactOf["identity"]["state"] | undefined;
  /** The peer's virtual node here; undefined: there is none. */
  node: FactOf["node"]["state"] | undefined;
  /** RFC 3339: after it nobody is waited for. */
  unpeerDeadline: string | undefined;
  /** Our NetworkConfig or keys for this peer are there. */
  stands: boolean;
  /** What our own last fact said of the directions. */
  was: { consumer: boolean; provider: boolean };
  /** The peer's NetworkConfig was brought. */
  brought: boolean;
  /** It has told nothing since it was let in: not yet, rather than not any more. */
  isNew: boolean;
  now: string;
}

/** `up`: exchange and connect. `prepared`: keys and port only. `down`: nothing is left. `unknown`: touch nothing. */
export type Stage = "up" | "prepared" | "down" | "unknown";
export interface Staged {
  stage: Stage;
  /** This cluster uses the peer, the peer uses this cluster. */
  consumer: Stage;
  provider: Stage;
  recheckMs?: number;
}

const consumerStage = (w: Word): { stage: Stage; recheckMs?: number } => {
  if (w.wanted === undefined) {
    if (w.outgoing === undefined) return { stage: w.was.consumer ? "unknown" : "down" };
    return { stage: w.outgoing === "GONE" ? "down" : "unknown" };
  }
  if (w.wanted) {
    // What stands stays while the identity is away; where nothing does, keys and port wait for it.
    const isUp = w.outgoing === "GRANTED" || (w.was.consumer && w.stands && w.outgoing !== "GONE");
    return { stage: isUp ? "up" : "prepared" };
  }
  const isNodeGone = w.node === undefined || w.node === "GONE";
  if (isNodeGone || !w.stands) return { stage: "down" };
  if (!w.unpeerDeadline) return { stage: "up" }; // pods still leave; the node fact wakes us
  const leftMs = Date.parse(w.unpeerDeadline) - Date.parse(w.now);
  return leftMs > 0 ? { stage: "up", recheckMs: leftMs } : { stage: "down" };
};

const providerStage = (w: Word): Stage => {
  // Both tell at once; waiting for the peer's would put one way through the replicator after the other.
  if (w.incoming === "GRANTED") return w.brought || w.isNew ? "up" : "prepared";
  // Nothing is taken away because a fact is missing.
  if (w.incoming === undefined) return w.was.provider ? "unknown" : "down";
  return "down";
};

const isSilence = (w: Word): boolean =>
  w.wanted === undefined && w.outgoing === undefined && w.incoming === undefined;

const ORDER: readonly Stage[] = ["up", "unknown", "prepared", "down"];

/** One tunnel serves both directions: it is as far as the further one. */
export const stageOf = (w: Word): Staged => {
  if (isSilence(w) && w.stands) return { stage: "unknown", consumer: "unknown", provider: "unknown" };
  const { stage: consumer, recheckMs } = consumerStage(w);
  const provider = providerStage(w);
  const stage = ORDER.find((s) => s === consumer || s === provider) ?? "unknown";
  return { stage, consumer, provider, ...(recheckMs === undefined ? {} : { recheckMs }) };
};

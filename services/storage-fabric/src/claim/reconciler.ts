import type { Reconcile } from "@tideway/controller";
import type { Deps } from "../ports.ts";
import type { StorageFabricMetrics } from "../metrics.ts";
import { decide, LOCAL, type World } from "./decide.ts";
import {
  claimUidOf,
  isAtPeer,
  isVirtual,
  peerOf,
  peerOfNode,
  type Said,
  secondName,
  SELECTED_NODE,
  uidOf,
} from "./model.ts";
import { perform, type PerformDeps } from "./perform.ts";

export interface ClaimDeps extends PerformDeps {
  /** What we said about a claim, by peer. */
  saidOf(uid: string): ReadonlyMap<string, Said>;
  patienceMs: number;
  rescheduleMs: number;
  metrics: Pick<StorageFabricMetrics, "bound">;
}

/** By claim: where it waits, and since when. Losing it costs patience, no more. */
export const createPatience = (now: () => number) => {
  const since = new Map<string, { node: string; at: number }>();
  return {
    waited: (uid: string, node: string): number => {
      const known = since.get(uid);
      if (known?.node === node) return now() - known.at;
      since.set(uid, { node, at: now() });
      return 0;
    },
    /** Ms that it waited, where this process saw it begin. */
    end: (uid: string): number | undefined => {
      const known = since.get(uid);
      since.delete(uid);
      return known && now() - known.at;
    },
  };
};

const gather = (d: Omit<ClaimDeps, "metrics" | "tell" | "publish">, key: string) => {
  const claim = d.objects.claims.get(key);
  const found = claim && d.objects.classes.get(claim.spec?.storageClassName ?? "");
  if (!claim || !found || !isVirtual(found)) return undefined;
  const uid = uidOf(claim);
  const selected = claim.metadata.annotations?.[SELECTED_NODE];
  const node = selected === undefined ? undefined : d.objects.nodes.get(selected);
  const second = d.objects.claims.get(`${d.storageNamespace}/${secondName(uid)}`);
  const of = (name: string | undefined) => (name ? d.objects.volumes.get(name) : undefined);
  const peer = peerOfNode(node);
  return {
    claim,
    class: found,
    classes: d.objects.classes.list(),
    node,
    answer: peer === undefined ? undefined : d.heard.answers.get(peer, uid)?.data,
    second,
    volume:
      of(claim.spec?.volumeName) ??
      d.objects.volumes.byIndex("claim-uid", uid)[0] ??
      of(second?.spec?.volumeName),
    said: d.saidOf(uid),
  };
};

/** Key: `namespace/name` of a claim. */
export const makeClaimReconciler = (d: ClaimDeps): Reconcile => {
  const patience = createPatience(d.clock.now);
  return async (key, { signal, log }) => {
    const seen = gather(d, key);
    if (!seen || !d.owns(uidOf(seen.claim))) return {};
    const uid = uidOf(seen.claim);
    const selected = seen.claim.metadata.annotations?.[SELECTED_NODE] ?? "";
    const isBound = seen.claim.status?.phase === "Bound";
    if (isBound) {
      const took = patience.end(uid);
      const side = seen.volume && isAtPeer(seen.volume) ? "peer" : "local";
      if (took !== undefined) d.metrics.bound(side, took / 1000);
    }
    const world: World = {
      ...seen,
      waitedMs: isBound || selected === "" ? 0 : patience.waited(uid, selected),
      patienceMs: d.patienceMs,
      rescheduleMs: d.rescheduleMs,
    };
    const plan = decide(world);
    for (const effect of plan.effects) await perform(d, seen.claim, effect, signal);
    const done = plan.effects.map((e) => e.do).filter((w) => w !== "publish");
    if (done.length > 0) log.debug({ done, node: selected }, "claim reconciled");
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
  };
};

/** What was said of claims that do not exist any more. Key: UID of a claim. */
export const makeForgetReconciler =
  (d: Deps & Pick<ClaimDeps, "saidOf">): Reconcile =>
  async (uid, { signal }) => {
    if (!d.owns(uid)) return {};
    for (const [peer, said] of d.saidOf(uid)) {
      if (said.state === "GONE") continue;
      const claim = d.objects.claims.get(`${said.namespace}/${said.claim}`);
      if (claim && uidOf(claim) === uid) continue;
      const volumes = d.objects.volumes.byIndex("claim-uid", uid);
      const stands = volumes.some((v) => isAtPeer(v) && peerOf(v) === peer && claimUidOf(v) === uid);
      if (peer !== LOCAL && stands) continue; // the volume speaks
      signal.throwIfAborted();
      const gone = { ...said, state: "GONE", reason: "ClaimGone", message: "" } as const;
      await d.publish("volume", { peer, id: uid }, gone);
    }
    return {};
  };

import { MOVE } from "@tideway/api";
import { bindAgainInMs } from "@tideway/k8s";
import { type Claim, isDeleted, uidOf, type Volume } from "../claim/model.ts";
import { deletePod, versionOf, open, type Effect, type Plan, publish, say, type World } from "./plan.ts";

const named = (v: Volume): { volume: string; uid: string } => ({ volume: v.metadata.name, uid: uidOf(v) });
const isKept = (v: Volume): boolean => v.spec?.persistentVolumeReclaimPolicy === "Retain";

/** Reserved for the claim of this name, whichever UID it will have. */
const isReserved = (w: World, v: Volume): boolean =>
  v.spec?.claimRef?.name === w.move.spec.claim && v.spec.claimRef.namespace === w.move.metadata.namespace;

/**
 * The claim gets the new volume: a claim's volume cannot be changed, so it is made anew under its name. Neither volume
 * may go with its claim meanwhile, and the new one is reserved for the name first: so whoever makes the claim
 * anew, this service or the controller of a StatefulSet, makes it with the right data. Each step is seen
 * before the next one.
 */
export const switchClaim = (w: World): Plan => {
  const { claim, target, source, targetClaim } = w;
  const before = w.move.status?.claim?.metadata.uid;
  const movers = w.pods.filter((p) => p.metadata.labels?.[MOVE] === w.move.metadata.name);
  if (movers.length > 0) return { effects: movers.flatMap(deletePod) };
  const old = claim !== undefined && uidOf(claim) === before;
  if (!target)
    return {
      effects: [
        say(
          "Switching",
          "TargetLost",
          `volume ${w.move.status?.target?.volume ?? ""} is gone: call the move off, the claim still has its data`,
        ),
      ],
    };
  if (old && source && !isKept(source)) return { effects: [{ do: "retain", ...named(source) }] };
  if (targetClaim && !isKept(target)) return { effects: [{ do: "retain", ...named(target) }] };
  if (targetClaim) return { effects: drop(targetClaim) };
  if (!isReserved(w, target))
    return {
      effects: [{ do: "point", ...named(target), version: versionOf(target), name: w.move.spec.claim }],
    };
  if (old) return { effects: drop(claim) };
  if (!claim) return { effects: [{ do: "makeClaim", volume: target.metadata.name }] };
  const bound = claim.status?.phase === "Bound" && claim.spec?.volumeName === target.metadata.name;
  if (!bound) return awaitBinding(claim, w.nowMs);
  const policy = w.move.status?.source?.reclaimPolicy ?? "Delete";
  return {
    effects: [
      ...(target.spec?.persistentVolumeReclaimPolicy === policy
        ? []
        : [{ do: "reclaim", ...named(target), policy } as const]),
      ...open(w),
      publish(w, "MOVED", "Moved"),
      say(
        "Moved",
        "Moved",
        `the old volume ${w.move.status?.source?.volume ?? ""} is kept until the move is confirmed or its time is over`,
        {
          switchedAt: new Date(w.nowMs).toISOString(),
        },
      ),
    ],
  };
};

const awaitBinding = (claim: Claim, nowMs: number): Plan => {
  const again = bindAgainInMs(claim, nowMs);
  if (again !== 0) return { effects: [], ...(again ? { recheckMs: again } : {}) };
  return { effects: [{ do: "bindAgain", name: claim.metadata.name }] };
};

const drop = (claim: Claim): Effect[] =>
  isDeleted(claim) ? [] : [{ do: "dropClaim", name: claim.metadata.name, uid: uidOf(claim) }];

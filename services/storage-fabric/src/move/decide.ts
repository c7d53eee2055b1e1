import type { Pod } from "@tideway/k8s";
import { type Claim, isDeleted, uidOf, type Volume } from "../claim/model.ts";
import { refusalOf } from "./checks.ts";
import { snapshotOf } from "./manifests.ts";
import {
  bytesOf,
  endedAt,
  failureOf,
  isBare,
  isUsing,
  keptName,
  MOVE_FINALIZER,
  type MovePhase,
  partName,
  receiverName,
  senderName,
} from "./model.ts";
import {
  deletePod,
  type Effect,
  open,
  place,
  type Plan,
  publish,
  say,
  type Status,
  versionOf,
  type World,
} from "./plan.ts";
import { switchClaim } from "./switch.ts";

/** A copy that failed is tried again after this, ms. */
const RETRY_MS = 5_000;

const podOf = (w: World, name: string): Readonly<Pod> | undefined =>
  w.pods.find((p) => p.metadata.name === name);

const begin = (w: World): Plan => {
  const refusal = refusalOf(w);
  if (refusal) return { effects: [say("Refused", refusal.reason, refusal.message), { do: "unhold" }] };
  const { claim, source } = w as World & { claim: Claim; source: Volume };
  return {
    effects: [
      say("Copying", "Copying", `the data of claim ${claim.metadata.name} is copied to ${place(w.move)}`, {
        claim: { ...snapshotOf(claim), metadata: { ...snapshotOf(claim).metadata, uid: uidOf(claim) } },
        source: {
          claim: claim.metadata.name,
          volume: source.metadata.name,
          reclaimPolicy: (source.spec?.persistentVolumeReclaimPolicy ?? "Delete") as "Delete",
        },
        passes: 0,
        bytes: 0,
      }),
      publish(w, "COPYING", "Copying"),
    ],
  };
};

const isListening = (p: Readonly<Pod>): boolean =>
  p.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

/** What a copy stands on; undefined where all of it is there. */
const prepare = (w: World): Effect[] | undefined => {
  const { claim, targetClaim } = w;
  if (!targetClaim) return claim ? [{ do: "makeTarget", claim }] : [];
  const to = podOf(w, receiverName(w.move));
  if (!to) return [{ do: "makeReceiver", nodes: w.places.map((n) => n.metadata.name) }];
  if (to.status?.phase === "Failed") return deletePod(to);
  return isListening(to) ? undefined : [];
};

/** One copy. `done`: what follows when it has ended well. */
const copy = (w: World, final: boolean, done: (more: Partial<Status>) => Effect[]): Plan => {
  const phase = final ? "Finishing" : "Copying";
  const missing = prepare(w);
  if (missing) return { effects: missing };
  const status = w.move.status ?? {};
  const pass = (status.passes ?? 0) + 1;
  const name = senderName(w.move, pass);
  const from = podOf(w, name);
  if (!from)
    return {
      effects: [
        { do: "makeSender", pass, final },
        say(phase, phase, `copy ${pass} to ${place(w.move)} is under way`, { pod: name }),
      ],
    };
  if (from.status?.phase === "Succeeded")
    return { effects: done({ passes: pass, bytes: (status.bytes ?? 0) + bytesOf(from) }) };
  if (from.status?.phase === "Failed") {
    const failed = say(phase, "CopyFailed", `copy ${pass} failed and is tried again: ${failureOf(from)}`);
    const left = endedAt(from) + RETRY_MS - w.nowMs;
    return left > 0 ? { effects: [failed], recheckMs: left } : { effects: [failed, ...deletePod(from)] };
  }
  return { effects: [] }; // rsync itself waits for a receiver that is away
};

const copying = (w: World): Plan =>
  copy(w, false, (more) => [
    say(
      "Stopping",
      "Stopping",
      "the pods that use the claim are stopped, and wait for the rest of the data",
      {
        ...more,
        stoppedAt: new Date(w.nowMs).toISOString(),
      },
    ),
  ]);

/** From here on admission holds new pods back; what slipped through before it heard of it is stopped too. */
const stopping = (w: World): Plan => {
  const held = publish(w, "HOLDING", "Stopping");
  const using = w.pods.filter((p) => isUsing(p, w.move.spec.claim));
  if (using.length === 0)
    return { effects: [held, say("Finishing", "Finishing", "the rest is copied and compared")] };
  const bare = using.filter(isBare);
  if (bare.length > 0) {
    const names = bare.map((p) => p.metadata.name).join(", ");
    const message = `pod ${names} has no controller that makes it again: delete it to go on`;
    return { effects: [held, say("Stopping", "BarePods", message)] };
  }
  return { effects: [held, ...using.flatMap(deletePod)] };
};

const finishing = (w: World): Plan => {
  if (w.pods.some((p) => isUsing(p, w.move.spec.claim)))
    return { effects: [say("Stopping", "Stopping", "a pod uses the claim again: it is stopped first")] };
  return copy(w, true, (more) => [
    say("Switching", "Switching", "all bytes are there and compared: the claim gets its new volume", {
      ...more,
      target: { claim: partName(w.move), volume: w.targetClaim?.spec?.volumeName ?? "" },
    }),
  ]);
};

const moved = (w: World): Plan => {
  const { move, source, nowMs } = w;
  const effects: Effect[] = [...open(w), publish(w, "MOVED", "Moved")];
  const gone: Effect[] = [
    say("Complete", "Complete", `claim ${move.spec.claim} is at ${place(move)}; the old volume is gone`),
    publish(w, "GONE", "Complete"),
    { do: "unhold" },
  ];
  if (!source) return { effects: [...effects, ...gone] };
  const ref = source.spec?.claimRef;
  const volume = { volume: source.metadata.name, uid: uidOf(source) };
  if (ref && ref.name !== keptName(move))
    effects.push({
      do: "point",
      ...volume,
      version: versionOf(source),
      name: keptName(move),
      ...(ref.uid ? { claimUid: ref.uid } : {}),
    });
  const switchedAt = move.status?.switchedAt ? Date.parse(move.status.switchedAt) : nowMs;
  const until = switchedAt + (move.spec.keepSourceSeconds ?? 86_400) * 1000;
  if (!move.spec.confirmed && nowMs < until) return { effects, recheckMs: until - nowMs };
  if (source.spec?.persistentVolumeReclaimPolicy !== "Delete")
    effects.push({ do: "reclaim", ...volume, policy: "Delete" });
  return { effects };
};

const PHASES: Partial<Record<MovePhase, (w: World) => Plan>> = {
  Preparing: begin,
  Copying: copying,
  Stopping: stopping,
  Finishing: finishing,
  Switching: switchClaim,
  Moved: moved,
};

/** One VolumeMove. Called off (deleted) before the switch, it leaves the claim as it was. */
export const decide = (w: World): Plan => {
  const phase = w.move.status?.phase ?? "Preparing";
  const held = w.move.metadata.finalizers?.includes(MOVE_FINALIZER) ?? false;
  if (isDeleted(w.move) && phase !== "Switching") {
    if (!held) return { effects: [] };
    const reason = phase === "Moved" ? "Moved" : "CalledOff";
    return { effects: [publish(w, "GONE", reason), ...open(w), { do: "unhold" }] };
  }
  return PHASES[phase]?.(w) ?? { effects: [] };
};

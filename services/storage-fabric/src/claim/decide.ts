import { POOL, PROVISIONED } from "@tideway/api";
import type { Node } from "@tideway/k8s";
import { compare, parse } from "@tideway/quantity";
import {
  type Answer,
  capacityOf,
  type Claim,
  type Class,
  claimUidOf,
  held,
  isAtPeer,
  isDeleted,
  localClassOf,
  peerOf,
  peerOfNode,
  placeWithin,
  reclaimOf,
  regionsOf,
  remoteClassOf,
  type Said,
  SELECTED_NODE,
  sizeOf,
  uidOf,
  type Volume,
  type VolumeFactInput,
} from "./model.ts";
import { refusalOf } from "./rules.ts";

export interface World {
  claim: Claim;
  class: Class;
  classes: readonly Class[];
  /** The node that the scheduler chose; undefined when there is none of that name. */
  node: Readonly<Node> | undefined;
  /** What the peer of that node answers. */
  answer: Answer | undefined;
  /** The second claim. */
  second: Claim | undefined;
  /** The volume made for the claim: at a peer, or that of the second claim. */
  volume: Volume | undefined;
  /** What we said about the claim, by peer (`local`: this cluster). */
  said: ReadonlyMap<string, Said>;
  /** Ms since the provisioner was first asked, as this process knows it. */
  waitedMs: number;
  patienceMs: number;
  rescheduleMs: number;
}

export interface Saying {
  status: "True" | "False";
  reason: string;
  message: string;
}

export type Effect =
  /** Finalizer on the claim. */
  | { do: "hold" }
  | { do: "unhold" }
  | { do: "publish"; peer: string; fact: VolumeFactInput }
  | {
      do: "makeVolume";
      peer: string;
      capacity: string;
      reclaim: "Delete" | "Retain";
      regions: string[];
      pool: string;
    }
  /** `node` undefined: the class makes its volume at once. */
  | { do: "makeSecond"; className: string; node: string | undefined }
  | { do: "dropSecond"; uid: string }
  /** The volume outlives the second claim, and is marked as the claim's. */
  | { do: "retain"; volume: string; uid: string }
  /** The volume is the claim's from now on. `version`: only as it was seen. */
  | { do: "repoint"; volume: string; uid: string; version: string }
  /** What becomes of the volume when its claim is deleted. */
  | { do: "reclaim"; volume: string; uid: string; policy: "Delete" }
  /** The claim is gone: the volume that was kept for it follows. */
  | { do: "discard"; volume: string; uid: string }
  | { do: "reschedule"; node: string }
  | { do: "tell"; saying: Saying }
  /** A Warning at the claim, beside what its condition says. */
  | { do: "warn"; reason: string; message: string };

export interface Plan {
  effects: Effect[];
  recheckMs?: number;
}

export const LOCAL = "local";

const fact = (
  w: World,
  state: VolumeFactInput["state"],
  more: Partial<VolumeFactInput> = {},
): VolumeFactInput => ({
  state,
  namespace: w.claim.metadata.namespace ?? "",
  claim: w.claim.metadata.name,
  size: sizeOf(w.claim),
  accessModes: [...(w.claim.spec?.accessModes ?? [])],
  volumeMode: w.claim.spec?.volumeMode ?? "Filesystem",
  ...more,
});

const OPEN: readonly string[] = ["PENDING", "BOUND"];
/** What was asked elsewhere, and is not wanted there any more. */
const withdrawn = (w: World, except?: string): Effect[] =>
  [...w.said]
    .filter(([peer, s]) => peer !== except && OPEN.includes(s.state))
    .map(([peer]) => ({
      do: "publish",
      peer,
      fact: fact(w, "GONE", {
        ...(peer === LOCAL ? {} : { clusterId: peer }),
        reason: "Withdrawn",
        message: "the claim has its volume elsewhere, or is gone",
      }),
    }));

const tell = (status: Saying["status"], reason: string, message: string): Effect => ({
  do: "tell",
  saying: { status, reason, message },
});

const dropSecond = (second: Claim | undefined): Effect[] =>
  second && !isDeleted(second) ? [{ do: "dropSecond", uid: uidOf(second) }] : [];

const named = (v: Volume): { volume: string; uid: string } => ({ volume: v.metadata.name, uid: uidOf(v) });
const ownerOf = (v: Volume): string => v.spec?.claimRef?.uid ?? "";
const isRetained = (v: Volume, claim: Claim): boolean =>
  v.spec?.persistentVolumeReclaimPolicy === "Retain" && claimUidOf(v) === uidOf(claim);

/** The claim goes before it has its volume: all that was begun is taken back, then it is let go. */
const abandon = (w: World): Effect[] => {
  const { claim, second, volume } = w;
  const effects = [...withdrawn(w, volume && isAtPeer(volume) ? peerOf(volume) : undefined)];
  const mine = volume && !isAtPeer(volume) && ownerOf(volume) !== uidOf(claim);
  if (mine && volume.spec?.persistentVolumeReclaimPolicy !== "Delete" && claimUidOf(volume) === uidOf(claim))
    effects.push({ do: "discard", ...named(volume) });
  effects.push(...dropSecond(second));
  if (!second && held(claim)) effects.push({ do: "unhold" });
  return effects;
};

const atPeer = (w: World, peer: string): Effect[] => {
  const { answer, claim } = w;
  const within = w.node && placeWithin(regionsOf(claim, w.class), w.node);
  const regions = within === "anywhere" || !within ? [] : within;
  const wish = fact(w, "PENDING", {
    clusterId: peer,
    class: remoteClassOf(w.class),
    regions,
    node: w.node?.metadata.name ?? "",
    reason: "Asked",
  });
  const ask: Effect = { do: "publish", peer, fact: wish };
  if (answer?.state === "ACCEPTED" || answer?.state === "BOUND")
    return [
      ask,
      {
        do: "makeVolume",
        peer,
        capacity: answer.capacity || sizeOf(claim),
        reclaim: reclaimOf(w.class),
        regions,
        pool: w.node?.metadata.labels?.[POOL] ?? "",
      },
    ];
  if (answer?.state === "REFUSED" || answer?.state === "LOST")
    return [ask, tell("False", answer.reason, answer.message)];
  // ordinary waiting is not worth a write
  return answer?.state === "PENDING" && answer.reason !== "Asked"
    ? [ask, tell("False", answer.reason, answer.message)]
    : [ask];
};

/** Each step is seen in the world before the next one, so that it may be interrupted anywhere. */
const rebind = (w: World, volume: Volume): Effect[] => {
  const { claim, second } = w;
  const owner = ownerOf(volume);
  if (owner === uidOf(claim)) return dropSecond(second); // Kubernetes binds them
  if (second && owner !== uidOf(second)) return []; // another one's: the caches will tell
  if (!isRetained(volume, claim)) return [{ do: "retain", ...named(volume) }];
  if (second) return dropSecond(second);
  return [
    {
      do: "repoint",
      ...named(volume),
      version: volume.metadata.resourceVersion ?? "",
    },
  ];
};

const here = (w: World, selected: string): Plan => {
  const { second, volume } = w;
  const local = localClassOf(w.class, w.classes);
  const say: Effect = {
    do: "publish",
    peer: LOCAL,
    fact: fact(w, "PENDING", { class: local.name ?? "", reason: "Provisioning" }),
  };
  if (volume) return { effects: [say, ...rebind(w, volume)] };
  if (!local.class) {
    const which = local.name
      ? `storage class ${local.name} does not exist`
      : "there is no default storage class";
    const next = `make it, or name another one in parameter localClass of class ${w.class.metadata.name}`;
    return { effects: [tell("False", "ClassNotFound", `${which}: ${next}`), ...dropSecond(second)] };
  }
  const late = local.class.volumeBindingMode === "WaitForFirstConsumer";
  if (!second)
    return {
      effects: [
        say,
        { do: "makeSecond", className: local.class.metadata.name, node: late ? selected : undefined },
      ],
    };
  if (isDeleted(second)) return { effects: [say] };
  const elsewhere = late && second.metadata.annotations?.[SELECTED_NODE] !== selected;
  const other = second.spec?.storageClassName !== local.class.metadata.name;
  if (elsewhere || other) return { effects: [say, ...dropSecond(second)] };
  const left = w.patienceMs - w.waitedMs;
  if (left > 0) return { effects: [say], recheckMs: left };
  const message = `the provisioner of class ${local.class.metadata.name} (${local.class.provisioner}) has not answered for ${Math.round(w.patienceMs / 1000)} s: see its log and the events of claim ${second.metadata.namespace}/${second.metadata.name}`;
  return { effects: [say, tell("False", "ProvisionerSilent", message)] };
};

/**
 * The volume was kept over the end of the second claim. Only when Kubernetes has bound it may it go with the first one: one that
 * is still Released would be deleted by its provisioner at once. The claim is held until then; later its policy is the user's.
 */
const release = (w: World): Effect[] => {
  const { claim, volume } = w;
  if (!held(claim)) return [];
  const pending = volume && !isAtPeer(volume) && isRetained(volume, claim) && reclaimOf(w.class) === "Delete";
  return pending ? [{ do: "reclaim", ...named(volume), policy: "Delete" }] : [{ do: "unhold" }];
};

/** The API server asks the virtual class whether a claim may grow; here the real one has the last word. */
const refusedGrowth = (w: World, volume: Volume): Effect[] => {
  const { claim } = w;
  if (compare(parse(sizeOf(claim)), parse(capacityOf(volume))) <= 0) return [];
  const name = volume.spec?.storageClassName ?? "";
  const real = w.classes.find((c) => c.metadata.name === name);
  if (real?.allowVolumeExpansion === true) return []; // its driver's affair
  const why = real ? "does not allow it (allowVolumeExpansion)" : "does not exist any more";
  const message = `the claim asks for ${sizeOf(claim)}, its volume ${volume.metadata.name} has ${capacityOf(volume)} and keeps it: storage class ${name} ${why}`;
  return [{ do: "warn", reason: "ResizeRefused", message }];
};

const bound = (w: World): Effect[] => {
  const { claim, volume } = w;
  const done = release(w);
  const peer = volume && isAtPeer(volume) ? peerOf(volume) : LOCAL;
  const complained = claim.status?.conditions?.some((c) => c.type === PROVISIONED && c.status === "False");
  if (complained) done.push(tell("True", "Bound", `bound to volume ${claim.spec?.volumeName ?? ""}`));
  const effects = [...withdrawn(w, peer), ...dropSecond(w.second), ...done];
  if (!volume || peer !== LOCAL) return effects; // the volume at a peer speaks for itself
  const said = fact(w, "BOUND", {
    volume: volume.metadata.name,
    class: volume.spec?.storageClassName ?? "",
    capacity: capacityOf(volume),
    reason: "Bound",
  });
  return [...effects, { do: "publish", peer: LOCAL, fact: said }, ...refusedGrowth(w, volume)];
};

/** One claim of a virtual storage class. */
export const decide = (w: World): Plan => {
  const { claim } = w;
  if (claim.spec?.volumeName && claim.status?.phase !== "Pending") return { effects: bound(w) };
  if (isDeleted(claim)) return { effects: abandon(w) };
  const selected = claim.metadata.annotations?.[SELECTED_NODE];
  // a volume that was made for it is its, wherever the pod is to run by now
  if (w.volume && isAtPeer(w.volume)) return { effects: withdrawn(w, peerOf(w.volume)) };
  if (w.volume && claimUidOf(w.volume) === uidOf(claim)) return { effects: rebind(w, w.volume) };
  if (claim.spec?.volumeName) return { effects: [] }; // asks for a volume by name: Kubernetes' own affair
  if (!selected) return { effects: [...withdrawn(w), ...dropSecond(w.second)] };
  const refusal = refusalOf({ claim, class: w.class, selected, node: w.node });
  if (refusal) {
    const back = [...withdrawn(w), ...dropSecond(w.second)];
    const said = tell("False", refusal.reason, refusal.message);
    if (!refusal.reschedule) return { effects: [...back, said] };
    const wait = refusal.reason === "NodeGone" ? 0 : w.rescheduleMs - w.waitedMs;
    return wait > 0
      ? { effects: [...back, said], recheckMs: wait }
      : { effects: [...back, said, { do: "reschedule", node: selected }] };
  }
  const hold: Effect[] = held(claim) ? [] : [{ do: "hold" }];
  const peer = peerOfNode(w.node);
  const back = withdrawn(w, peer ?? LOCAL);
  if (peer !== undefined) return { effects: [...hold, ...back, ...dropSecond(w.second), ...atPeer(w, peer)] };
  const plan = here(w, selected);
  return { ...plan, effects: [...hold, ...back, ...plan.effects] };
};

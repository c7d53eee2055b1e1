/** Ordered checks on a move before anything is done; the first that speaks refuses it. */
import type { Node, Pod } from "@tideway/k8s";
import { type Claim, type Class, isVirtual, placeWithin, regionsOf, type Volume } from "../claim/model.ts";
import { isBare, isUsing, type Move } from "./model.ts";

export interface Refusal {
  reason: string;
  message: string;
}

export interface Case {
  move: Move;
  claim: Claim | undefined;
  class: Class | undefined;
  /** The volume that the claim is bound to. */
  source: Volume | undefined;
  /** Nodes that the data may go to. */
  places: readonly Readonly<Node>[];
  /** The data is at one of them. */
  there: boolean;
  /** How the pods of the namespace may be placed; undefined: it is not offloaded. */
  strategy: string | undefined;
  /** Some of the places are virtual nodes. */
  atPeer: boolean;
  pods: readonly Readonly<Pod>[];
  /** Name of another move of the claim that is under way. */
  other: string | undefined;
}

type Check = (c: Case) => Refusal | undefined;

const place = ({ to }: Move["spec"]): string =>
  to.peer === undefined ? `node ${to.node ?? ""}` : `peer ${to.peer}`;

const claimIsMissing: Check = ({ move, claim }) =>
  claim && claim.metadata.deletionTimestamp === undefined
    ? undefined
    : {
        reason: "ClaimNotFound",
        message: `claim ${move.metadata.namespace ?? ""}/${move.spec.claim} does not exist`,
      };

const isNotOurs: Check = ({ claim, class: c }) =>
  isVirtual(c)
    ? undefined
    : {
        reason: "NotVirtual",
        message: `storage class ${claim?.spec?.storageClassName ?? ""} is not one of Tideway's: only claims of a virtual storage class move`,
      };

const isNotBound: Check = ({ claim, source }) =>
  claim?.status?.phase === "Bound" && source
    ? undefined
    : { reason: "NotBound", message: "the claim has no volume yet: it gets one with its first pod" };

const isBlock: Check = ({ claim }) =>
  claim?.spec?.volumeMode === "Block"
    ? {
        reason: "BlockRefused",
        message: "a volume of mode Block has no files: copy it with the application's own means",
      }
    : undefined;

const goesWithItsPod: Check = ({ claim }) =>
  claim?.metadata.ownerReferences?.some((o) => o.kind === "Pod")
    ? {
        reason: "EphemeralRefused",
        message: "the claim is a pod's volume of type ephemeral: it is deleted when the pod is stopped",
      }
    : undefined;

const isForOnePod: Check = ({ claim }) =>
  claim?.spec?.accessModes?.includes("ReadWriteOncePod")
    ? {
        reason: "OnePodRefused",
        message: "access mode ReadWriteOncePod leaves no room for the pod that copies",
      }
    : undefined;

const goesNowhere: Check = ({ move, places }) =>
  places.length > 0
    ? undefined
    : { reason: "PlaceNotFound", message: `there is no ${place(move.spec)}: see kubectl get nodes` };

const isThere: Check = ({ move, there }) =>
  there ? { reason: "AlreadyThere", message: `the data is at ${place(move.spec)}` } : undefined;

const isNotOffloaded: Check = ({ move, strategy, atPeer }) => {
  const namespace = move.metadata.namespace ?? "";
  if (strategy === undefined)
    return {
      reason: "NotOffloaded",
      message: `namespace ${namespace} is not offloaded, so nothing could hold its pods back: tideway offload namespace ${namespace}`,
    };
  return atPeer && strategy === "Local"
    ? {
        reason: "StrategyLocal",
        message: `the pods of namespace ${namespace} stay in this cluster (strategy Local), and could not follow the data`,
      }
    : undefined;
};

const liesOutside: Check = ({ claim, class: c, places }) => {
  const regions = claim && c && regionsOf(claim, c);
  const fits = places.some((n) => placeWithin(regions, n) !== undefined);
  return !regions || fits
    ? undefined
    : { reason: "OutsideRegion", message: `the data is to be kept in ${regions.join(" or ")}` };
};

const hasBarePods: Check = ({ move, pods }) => {
  const bare = pods.filter((p) => isUsing(p, move.spec.claim) && isBare(p)).map((p) => p.metadata.name);
  return bare.length > 0
    ? {
        reason: "BarePods",
        message: `nobody would make pod ${bare.join(", ")} again: delete it first (one that has ended holds the claim too), or have a controller make it`,
      }
    : undefined;
};

const isBusy: Check = ({ other }) =>
  other === undefined ? undefined : { reason: "Busy", message: `VolumeMove ${other} moves it already` };

const CHECKS: readonly Check[] = [
  claimIsMissing,
  isNotOurs,
  isNotBound,
  isBlock,
  goesWithItsPod,
  isForOnePod,
  goesNowhere,
  isThere,
  isNotOffloaded,
  liesOutside,
  isBusy,
  hasBarePods,
];

export const refusalOf = (c: Case): Refusal | undefined => {
  for (const check of CHECKS) {
    const refusal = check(c);
    if (refusal) return refusal;
  }
  return undefined;
};

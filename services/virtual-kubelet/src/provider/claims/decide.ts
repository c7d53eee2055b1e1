import { CLAIM, CLAIM_UID, type ConditionInput, EVICTED, ORIGIN, type ShadowClaim } from "@tideway/api";
import {
  bindAgainInMs,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type StorageClass,
} from "@tideway/k8s";
import { compare, parse } from "@tideway/quantity";

/** Held by this service on a ShadowClaim and on the claim made from it, until what is to become of the data is said. */
export const CLAIM_FINALIZER = "offloading.tideway.dev/claim";

export type Phase = NonNullable<NonNullable<ShadowClaim["status"]>["phase"]>;

/** A storage class of the offer. */
export interface OfferedClass {
  name: string;
  default?: boolean;
}

export interface World {
  /** Undefined when it is gone. */
  shadow: Readonly<ShadowClaim> | undefined;
  /** The claim of that name. */
  claim: Readonly<PersistentVolumeClaim> | undefined;
  /** The volume that the claim is bound to. */
  volume: Readonly<PersistentVolume> | undefined;
  /** A volume with the data of the consumer's claim that is bound to no claim now. */
  kept: Readonly<PersistentVolume> | undefined;
  namespace: "twin" | "terminating" | "other";
  /** Undefined: it is not known what is offered. */
  offered: readonly OfferedClass[] | undefined;
  /** Of this cluster, by name. */
  classOf(name: string): Readonly<StorageClass> | undefined;
  nowMs: number;
}

export interface Report {
  phase: Phase;
  condition: ConditionInput;
  storageClassName?: string;
  volumeName?: string;
  capacity?: string;
}

export type Effect =
  /** Finalizer on the ShadowClaim. */
  | { do: "hold" }
  | { do: "letGo" }
  | { do: "createClaim"; className: string; size: string; volumeName?: string }
  /** Point a kept volume to the claim that is about to be made. `version`: only as it was seen, for once it is bound that would part them. */
  | { do: "adopt"; volume: string; uid: string; version: string }
  /** Label the volume as the consumer's, and make it outlive its claim. */
  | { do: "keep"; volume: string; uid: string; originUID: string; source: string }
  /** The volume goes with its claim. */
  | { do: "condemn"; volume: string; uid: string }
  | { do: "grow"; size: string; className: string }
  /** The volume controller is to look at the claim again. */
  | { do: "bindAgain" }
  | { do: "deleteClaim"; uid: string }
  /** Drop our finalizer from the claim. */
  | { do: "releaseClaim"; uid: string }
  | { do: "report"; report: Report };

export interface Plan {
  effects: Effect[];
  recheckMs?: number;
}

const held = (o: { metadata: { finalizers?: string[] } }): boolean =>
  o.metadata.finalizers?.includes(CLAIM_FINALIZER) ?? false;

/** UID of the ShadowClaim that a claim was made from. */
export const shadowOf = (claim: Readonly<PersistentVolumeClaim>): string | undefined =>
  claim.metadata.ownerReferences?.find((r) => r.kind === "ShadowClaim")?.uid;

const isEvicted = (v: Readonly<PersistentVolume>): boolean => v.metadata.annotations?.[EVICTED] === "true";

/** Whether the volume is known as the consumer's and outlives its claim. */
export const isKept = (v: Readonly<PersistentVolume>, originUID: string): boolean =>
  v.spec?.persistentVolumeReclaimPolicy === "Retain" &&
  v.metadata.labels?.[CLAIM_UID] === originUID &&
  v.metadata.labels[ORIGIN] !== undefined;

const named = (v: Readonly<PersistentVolume>): { volume: string; uid: string } => ({
  volume: v.metadata.name,
  uid: v.metadata.uid ?? "",
});

const ready = (
  shadow: Readonly<ShadowClaim>,
  status: "True" | "False",
  reason: string,
  message: string,
): ConditionInput => ({
  type: "Ready",
  status,
  reason,
  message,
  ...(shadow.metadata.generation ? { observedGeneration: shadow.metadata.generation } : {}),
});

const report = (r: Report): Effect => ({ do: "report", report: r });

const refuse = (shadow: Readonly<ShadowClaim>, reason: string, message: string): Effect =>
  report({ phase: "Refused", condition: ready(shadow, "False", reason, message) });

const lose = (shadow: Readonly<ShadowClaim>, reason: string, message: string): Effect =>
  report({
    phase: "Lost",
    condition: ready(shadow, "False", reason, message),
    ...(shadow.status?.volumeName ? { volumeName: shadow.status.volumeName } : {}),
  });

const evicted = (shadow: Readonly<ShadowClaim>): Effect =>
  lose(shadow, "Evicted", "the provider's owner has taken the volume away");

/** What becomes of the volume is settled before the claim is let go. */
const endClaim = (w: World, claim: Readonly<PersistentVolumeClaim>, doomed: boolean): Effect[] => {
  const { volume } = w;
  const uid = claim.metadata.uid ?? "";
  if (claim.spec?.volumeName && !volume && claim.status?.phase !== "Lost") return []; // the cache will show it
  const originUID = w.shadow?.spec.originUID ?? claim.metadata.labels?.[CLAIM_UID] ?? "";
  const gone = doomed || (volume !== undefined && isEvicted(volume));
  const effects: Effect[] = [];
  if (volume && gone && volume.spec?.persistentVolumeReclaimPolicy !== "Delete")
    effects.push({ do: "condemn", ...named(volume) });
  if (volume && !gone && !isKept(volume, originUID))
    effects.push({
      do: "keep",
      ...named(volume),
      originUID,
      source: claim.metadata.annotations?.[CLAIM] ?? "",
    });
  if (claim.metadata.deletionTimestamp === undefined) effects.push({ do: "deleteClaim", uid });
  // while a pod uses it, it may still get its volume
  else if (held(claim) && claim.metadata.finalizers?.length === 1) effects.push({ do: "releaseClaim", uid });
  return effects;
};

const ending = (w: World): Effect[] => {
  const { shadow, claim, kept } = w;
  const doomed = shadow?.spec.deleteData === true;
  if (claim && shadowOf(claim) !== undefined) return endClaim(w, claim, doomed);
  const letGo: Effect[] = shadow && held(shadow) ? [{ do: "letGo" }] : [];
  if (!doomed || !kept || kept.spec?.persistentVolumeReclaimPolicy === "Delete") return letGo;
  return [{ do: "condemn", ...named(kept) }, ...letGo];
};

/** The class to use, or why there is none. */
const classFor = (w: World, shadow: Readonly<ShadowClaim>): { name: string } | Effect | undefined => {
  if (!w.offered) return undefined;
  const asked = shadow.spec.storageClassName;
  const names = w.offered.map((c) => c.name).join(", ") || "none";
  const name =
    asked === undefined || asked === ""
      ? (w.offered.find((c) => c.default) ?? w.offered[0])?.name
      : w.offered.find((c) => c.name === asked)?.name;
  if (name === undefined)
    return refuse(
      shadow,
      "ClassNotOffered",
      asked
        ? `storage class ${asked} is not offered (offered: ${names})`
        : "no storage class is offered to this cluster",
    );
  if (!w.classOf(name))
    return refuse(shadow, "ClassNotFound", `storage class ${name} is offered, but does not exist here`);
  return { name };
};

const isReservedFor = (v: Readonly<PersistentVolume>, shadow: Readonly<ShadowClaim>): boolean => {
  const ref = v.spec?.claimRef;
  return ref?.name === shadow.metadata.name && ref.namespace === shadow.metadata.namespace && !ref.uid;
};

const waitsForPod = (w: World, className: string): boolean =>
  w.classOf(className)?.volumeBindingMode === "WaitForFirstConsumer";

const whenMissing = (w: World, shadow: Readonly<ShadowClaim>): Effect[] => {
  const { kept } = w;
  if (kept && isEvicted(kept)) return [evicted(shadow)];
  // Kubernetes looks at a claim once: when it saw the volume as another one's, it looks again after 15 s
  if (kept && !isReservedFor(kept, shadow))
    return [{ do: "adopt", ...named(kept), version: kept.metadata.resourceVersion ?? "" }];
  if (kept)
    return [
      {
        do: "createClaim",
        className: kept.spec?.storageClassName ?? "",
        size: kept.spec?.capacity?.["storage"] ?? shadow.spec.size, // it may grow as soon as it is bound
        volumeName: kept.metadata.name,
      },
    ];
  if (shadow.spec.expectData || shadow.status?.volumeName)
    return [
      lose(
        shadow,
        "DataLost",
        `the volume ${shadow.status?.volumeName ?? "of this claim"} is not here any more; no empty one takes its place`,
      ),
    ];
  const found = classFor(w, shadow);
  if (!found) return [];
  if ("name" in found && shadow.spec.regions && !waitsForPod(w, found.name))
    return [
      refuse(
        shadow,
        "OutsideRegion",
        `storage class ${found.name} makes volumes before their pod has a node, so they cannot be kept in ${shadow.spec.regions.join(" or ")}: ask for a class with WaitForFirstConsumer`,
      ),
    ];
  return "do" in found ? [found] : [{ do: "createClaim", className: found.name, size: shadow.spec.size }];
};

const whenBound = (
  w: World,
  shadow: Readonly<ShadowClaim>,
  claim: Readonly<PersistentVolumeClaim>,
): Effect[] => {
  const { volume } = w;
  if (!volume) return [];
  const className = claim.spec?.storageClassName ?? "";
  const { originUID } = shadow.spec;
  const source = claim.metadata.annotations?.[CLAIM] ?? "";
  const capacity = claim.status?.capacity?.["storage"];
  const asked = claim.spec?.resources?.requests?.["storage"] ?? "0";
  const bound = report({
    phase: "Bound",
    condition: ready(shadow, "True", "Bound", `volume ${volume.metadata.name} in class ${className}`),
    storageClassName: className,
    volumeName: volume.metadata.name,
    ...(capacity ? { capacity } : {}),
  });
  return [
    ...(isKept(volume, originUID) ? [] : [{ do: "keep", ...named(volume), originUID, source } as const]),
    bound,
    ...(compare(parse(shadow.spec.size), parse(asked)) > 0
      ? [{ do: "grow", size: shadow.spec.size, className } as const]
      : []),
  ];
};

const whenThere = (
  w: World,
  shadow: Readonly<ShadowClaim>,
  claim: Readonly<PersistentVolumeClaim>,
): Effect[] => {
  const name = claim.spec?.storageClassName ?? "";
  const phase = claim.status?.phase;
  if (phase === "Lost")
    return [lose(shadow, "DataLost", `volume ${claim.spec?.volumeName ?? ""} does not exist any more`)];
  if (phase === "Bound") return whenBound(w, shadow, claim);
  const waits = waitsForPod(w, name) && !claim.spec?.volumeName;
  return [
    report({
      phase: waits ? "Accepted" : "Pending",
      condition: waits
        ? ready(shadow, "True", "WaitForFirstConsumer", `class ${name} makes the volume for the first pod`)
        : ready(shadow, "False", "Provisioning", `class ${name} is making the volume`),
      storageClassName: name,
    }),
  ];
};

/** One ShadowClaim, the claim of its name and the volume with its data. */
export const decide = (w: World): Plan => {
  const { shadow, claim } = w;
  if (w.namespace === "other") return { effects: [] };
  const alive = shadow !== undefined && shadow.metadata.deletionTimestamp === undefined;
  if (!alive || w.namespace === "terminating") return { effects: ending(w) };
  const hold: Effect[] = held(shadow) ? [] : [{ do: "hold" }];
  if (shadow.status?.phase === "Lost" && !claim) return { effects: hold };
  if (!claim) return { effects: [...hold, ...whenMissing(w, shadow)] };
  const owner = shadowOf(claim);
  if (owner === undefined)
    return {
      effects: [
        ...hold,
        refuse(shadow, "NameTaken", `claim ${claim.metadata.name} exists here and was not made for this`),
      ],
    };
  const taken = w.volume !== undefined && isEvicted(w.volume);
  if (owner !== shadow.metadata.uid || claim.metadata.deletionTimestamp !== undefined || taken) {
    // said while the volume is there: without it nothing tells why it went
    const told = taken && owner === shadow.metadata.uid ? [evicted(shadow)] : [];
    return { effects: [...hold, ...told, ...endClaim(w, claim, false)] };
  }
  const again = bindAgainInMs(claim, w.nowMs);
  return {
    effects: [
      ...hold,
      ...whenThere(w, shadow, claim),
      ...(again === 0 ? [{ do: "bindAgain" } as const] : []),
    ],
    ...(again ? { recheckMs: again } : {}),
  };
};

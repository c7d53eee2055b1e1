import { VIRTUAL_NODE } from "@tideway/api";
import type { Node, Pod } from "@tideway/k8s";
import { expect, it } from "vitest";
import { claimOf, realNode, virtualClass, volumeOf } from "../claim/fixtures.ts";
import { type Case, refusalOf } from "./checks.ts";

const place: Readonly<Node> = { metadata: { name: "west", labels: { [VIRTUAL_NODE]: "true" } } };
const claim = claimOf({ bound: "pv-1" });
const user = (more: object = {}): Readonly<Pod> => ({
  metadata: { name: "db", ...more },
  spec: { containers: [], volumes: [{ name: "d", persistentVolumeClaim: { claimName: "data" } }] },
});
const base: Case = {
  move: {
    metadata: { name: "m", namespace: "shop" },
    spec: { claim: "data", to: { peer: "west" } },
  },
  claim,
  class: virtualClass(),
  source: volumeOf(),
  places: [place],
  there: false,
  strategy: "LocalAndRemote",
  atPeer: true,
  pods: [],
  other: undefined,
};
const owned = (kind: string): Case["claim"] => ({
  ...claim,
  metadata: { ...claim.metadata, ownerReferences: [{ apiVersion: "v1", kind, name: "o", uid: "o" }] },
});

const cases: [string, Partial<Case>, string | undefined][] = [
  ["not an ordinary claim", {}, undefined],
  ["a claim that is not there", { claim: undefined }, "ClaimNotFound"],
  [
    "a claim of another provisioner",
    { class: { ...virtualClass(), provisioner: "disk.example" } },
    "NotVirtual",
  ],
  ["a claim without a volume", { claim: claimOf() }, "NotBound"],
  [
    "a volume without files",
    { claim: claimOf({ bound: "pv-1", spec: { volumeMode: "Block" } }) },
    "BlockRefused",
  ],
  ["a pod's ephemeral volume", { claim: owned("Pod") }, "EphemeralRefused"],
  ["not the claim of a StatefulSet", { claim: owned("StatefulSet") }, undefined],
  [
    "a volume for one pod",
    { claim: claimOf({ bound: "pv-1", spec: { accessModes: ["ReadWriteOncePod"] } }) },
    "OnePodRefused",
  ],
  ["a place that does not exist", { places: [] }, "PlaceNotFound"],
  ["data that is there", { there: true }, "AlreadyThere"],
  ["a namespace that is not offloaded", { strategy: undefined }, "NotOffloaded"],
  ["pods that may not follow", { strategy: "Local" }, "StrategyLocal"],
  [
    "not pods that stay, for a place here",
    { strategy: "Local", atPeer: false, places: [realNode()] },
    undefined,
  ],
  [
    "a place outside of the claim's regions",
    { claim: claimOf({ bound: "pv-1", keepIn: "eu" }) },
    "OutsideRegion",
  ],
  ["a claim on the move", { other: "m0" }, "Busy"],
  ["pods that nobody would make again", { pods: [user()] }, "BarePods"],
  [
    "such pods that have ended, which hold the claim until they are deleted",
    { pods: [{ ...user(), status: { phase: "Succeeded" } }] },
    "BarePods",
  ],
  [
    "not pods of a controller",
    { pods: [user({ ownerReferences: [{ kind: "ReplicaSet", controller: true } as never] })] },
    undefined,
  ],
];
it.each(cases)("refuses %s", (_name, more, reason) =>
  expect(refusalOf({ ...base, ...more })?.reason).toBe(reason),
);

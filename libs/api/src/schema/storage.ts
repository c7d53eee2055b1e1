import { Type } from "@sinclair/typebox";
import type { PersistentVolumeClaim } from "@tideway/k8s";
import { anyObject, conditions, observedGeneration, time } from "./common.ts";
import { defineKind, immutable, oneOf } from "./define.ts";

const ready = (field: string): string => `.status.conditions[?(@.type=="Ready")].${field}`;
const name = (description: string) => Type.String({ minLength: 1, maxLength: 253, description });
const place = Type.Object(
  {
    node: Type.Optional(name("A node of this cluster, real or virtual.")),
    peer: Type.Optional(name("A peer: any of its virtual nodes.")),
  },
  {
    "x-kubernetes-validations": [
      ...immutable("to")["x-kubernetes-validations"],
      { rule: "has(self.node) != has(self.peer)", message: "name a node or a peer" },
    ],
  },
);
const end = (who: string) =>
  Type.Object(
    {
      claim: Type.Optional(name("The claim that holds it during the move.")),
      volume: Type.Optional(name("PersistentVolume of this cluster.")),
      reclaimPolicy: Type.Optional(
        oneOf(["Delete", "Retain", "Recycle"], { description: "What the volume said before the move." }),
      ),
    },
    { description: `The volume ${who}.` },
  );

export const volumeMove = defineKind({
  concern: "storage",
  kind: "VolumeMove",
  plural: "volumemoves",
  shortNames: ["vmove"],
  namespaced: true,
  description:
    "Moves the data of a claim of a virtual storage class to another node or peer: a copy while its pods run, a short one while they wait, then the claim is switched. Deleted before that, nothing has happened.",
  spec: Type.Object({
    claim: Type.String({
      minLength: 1,
      maxLength: 253,
      description: "Name of the claim, in this namespace.",
      ...immutable("claim"),
    }),
    to: place,
    keepSourceSeconds: Type.Optional(
      Type.Integer({
        default: 86_400,
        minimum: 0,
        maximum: 31_536_000,
        description: "How long the old volume is kept after the switch when nobody confirms.",
      }),
    ),
    confirmed: Type.Optional(
      Type.Boolean({ default: false, description: "The old volume may go, its data included." }),
    ),
  }),
  status: Type.Object({
    conditions,
    observedGeneration,
    phase: Type.Optional(
      oneOf(["Preparing", "Copying", "Stopping", "Finishing", "Switching", "Moved", "Complete", "Refused"], {
        description:
          "Copying: while the pods run. Stopping: they end, and new ones wait. Finishing: the rest is copied and compared. Switching: the claim gets its new volume. Moved: the old volume is still kept. Complete: it is gone.",
      }),
    ),
    source: Type.Optional(end("that the data comes from")),
    target: Type.Optional(end("that it goes to")),
    claim: Type.Optional(
      anyObject<PersistentVolumeClaim>(
        "The claim as it was, from which it is made anew when its data is at its new place.",
      ),
    ),
    passes: Type.Optional(
      Type.Integer({ minimum: 0, format: "int32", description: "Copies that are done." }),
    ),
    bytes: Type.Optional(
      Type.Integer({ minimum: 0, format: "int64", description: "Sent so far, by copies that are done." }),
    ),
    pod: Type.Optional(
      Type.String({ maxLength: 253, description: "The copy under way; its log shows how far it is." }),
    ),
    stoppedAt: Type.Optional(time("When the pods were asked to end.")),
    switchedAt: Type.Optional(time("When the claim had its new volume.")),
  }),
  columns: [
    { name: "Claim", jsonPath: ".spec.claim" },
    { name: "Node", jsonPath: ".spec.to.node" },
    { name: "Peer", jsonPath: ".spec.to.peer" },
    { name: "Phase", jsonPath: ".status.phase" },
    { name: "Ready", jsonPath: ready("status") },
    { name: "Reason", jsonPath: ready("reason") },
    { name: "Message", jsonPath: ready("message"), priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});

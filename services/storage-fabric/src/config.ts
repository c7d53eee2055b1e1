import { commonConfig } from "@tideway/config";
import { type Static, Type } from "@sinclair/typebox";

export const storageFabricConfig = Type.Object({
  ...commonConfig,
  /** Namespace of the second claims. */
  storageNamespace: Type.String({ default: "tideway-storage", minLength: 1, maxLength: 63 }),
  /** How long a provisioner may be silent before the claim says so, seconds. It is waited for all the same. */
  provisionerPatienceSeconds: Type.Integer({ default: 60, minimum: 1, maximum: 86_400 }),
  /** A claim that a rule keeps from the chosen node lets the scheduler choose again after this, seconds. */
  rescheduleSeconds: Type.Integer({ default: 5, minimum: 1, maximum: 3600 }),
  /** Image of the pods that copy data: bash and rsync. Nodes of both clusters have to be able to pull it. */
  moverImage: Type.String({ default: "tideway.local/mover:1", minLength: 1, maxLength: 512 }),
});

export type StorageFabricConfig = Static<typeof storageFabricConfig>;

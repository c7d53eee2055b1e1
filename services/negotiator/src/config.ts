import { commonConfig } from "@tideway/config";
import { type Static, Type } from "@sinclair/typebox";

export const negotiatorConfig = Type.Object({
  ...commonConfig,
  /** Keys of taints that do not keep a node out of what is offered. Default: the one that KWOK's nodes carry. */
  ignoredTaints: Type.Array(Type.String({ minLength: 1, maxLength: 317 }), {
    default: ["kwok.x-k8s.io/node"],
  }),
  /** How long changes of capacity are gathered before offers are looked at again, ms. */
  capacityDelayMs: Type.Integer({ default: 500, minimum: 0, maximum: 60_000 }),
});

export type NegotiatorConfig = Static<typeof negotiatorConfig>;

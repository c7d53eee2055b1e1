/** What an offer says besides amounts: labels, classes, price. Pure. */
import type { ResourceOfferSpec } from "@tideway/api";
import { type Asked, forPeer } from "./judge.ts";
import { poolOf } from "./policy.ts";

export type Terms = Pick<ResourceOfferSpec, "labels" | "storageClasses" | "ingressClasses" | "price">;

const isDefault = (c: { default: boolean }): { default?: true } => (c.default ? { default: true } : {});

/** `observed`: labels on which the nodes agree; the owner's win. */
export const termsOf = (a: Asked, observed: Readonly<Record<string, string>>): Terms => {
  const pool = poolOf(a.policy, a.pool);
  const ingress = forPeer(a.policy?.ingressClasses ?? [], a);
  return {
    labels: { ...observed, ...pool?.labels },
    storageClasses: forPeer(a.policy?.storageClasses ?? [], a).map((c) => ({
      name: c.name,
      ...isDefault(c),
      ...(c.capacity === undefined ? {} : { capacity: c.capacity }),
      ...(c.price === undefined ? {} : { price: c.price }),
    })),
    ...(ingress.length > 0
      ? { ingressClasses: ingress.map((c) => ({ name: c.name, ...isDefault(c) })) }
      : {}),
    ...(pool?.price ? { price: pool.price } : {}),
  };
};

/** Facts of single addresses: what stands in the pool is said, what stands there no more is said to be gone. */
import type { AddressPool } from "@tideway/api";
import type { Bus, FactView } from "@tideway/bus";
import type { Reconcile } from "@tideway/controller";
import type { FactInput } from "@tideway/protos";
import { parseMapOwner } from "./owners.ts";

/** Subjects of things of this cluster. */
export const LOCAL = "local";

export type AddressFactInput = FactInput<"address">;

export const idOf = (external: string): string => external.replaceAll(/[.:]/g, "-");

/** By id. An address that was taken for itself stands for nothing here. */
export const factsOf = (pool: AddressPool | undefined): Map<string, AddressFactInput> =>
  new Map(
    (pool?.status?.mappings ?? []).flatMap(({ external, address, owner }) => {
      const whom = parseMapOwner(owner);
      if (!whom) return [];
      const fact: AddressFactInput = {
        external,
        address,
        state: "MAPPED",
        peers: [whom.peer],
        namespace: whom.namespace,
      };
      return [[idOf(external), fact] as const];
    }),
  );

export interface Deps {
  pool: () => AddressPool | undefined;
  said: Pick<FactView<"address">, "list">;
  publish: Bus["publish"];
  /** One replica speaks for all. */
  speaks: () => boolean;
}

/** Key that says everything again: the bus may have lost it. */
export const AGAIN = "again";

/** Any other key is the same work: all addresses are compared, and only what differs is said. */
export const makeAddressReconciler = (d: Deps): Reconcile => {
  const last = new Map<string, string>();
  return async (key) => {
    if (key === AGAIN || !d.speaks()) last.clear();
    if (!d.speaks()) return {};
    const facts = factsOf(d.pool());
    const gone = d.said
      .list()
      .filter((f) => f.id !== undefined && f.data.state !== "GONE" && !facts.has(f.id))
      .map(
        (f) =>
          [f.id!, { external: f.data.external, address: f.data.address, state: "GONE" as const }] as const,
      );
    const wanted = new Map<string, AddressFactInput>([...gone, ...facts]);
    for (const id of [...last.keys()]) if (!wanted.has(id)) wanted.set(id, goneAgain(last.get(id)!));
    const changed = [...wanted].filter(([id, fact]) => last.get(id) !== JSON.stringify(fact));
    await Promise.all(
      changed.map(async ([id, fact]) => {
        await d.publish("address", { peer: LOCAL, id }, fact);
        if (fact.state === "GONE") last.delete(id);
        else last.set(id, JSON.stringify(fact));
      }),
    );
    return {};
  };
};

const goneAgain = (json: string): AddressFactInput => {
  const { external, address } = JSON.parse(json) as AddressFactInput;
  return { external: external ?? "", address: address ?? "", state: "GONE" };
};

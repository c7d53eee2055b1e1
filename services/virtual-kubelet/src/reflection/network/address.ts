import { isConflict, isForbidden, isNotFound } from "@tideway/errors";
import { type Ingress, ingresses, type Kube } from "@tideway/k8s";
import type { Session } from "../../peers/session.ts";
import type { Local } from "../../ports.ts";

type Address = NonNullable<NonNullable<NonNullable<Ingress["status"]>["loadBalancer"]>["ingress"]>[number];

const addressesOf = (i: Readonly<Ingress> | undefined): readonly Address[] =>
  i?.status?.loadBalancer?.ingress ?? [];

/**
 * One a provider: the API server knows by it whose addresses stand in a status. The list is one value there, so an apply
 * without force is refused while a controller of this cluster, or another provider, says where the Ingress is served.
 */
const PREFIX = "tideway-ingress-";
const managerOf = (clusterID: string): string => `${PREFIX}${clusterID}`;

const write = async (
  kube: Kube,
  i: Readonly<Ingress>,
  addresses: readonly Address[],
  o: { manager: string; signal: AbortSignal },
): Promise<void> => {
  const { name, namespace = "", uid = "" } = i.metadata;
  try {
    await kube.apply(
      ingresses,
      {
        metadata: { name, namespace, uid },
        // an empty status would be a field that is ours
        ...(addresses.length > 0 ? { status: { loadBalancer: { ingress: [...addresses] } } } : {}),
      },
      { fieldManager: o.manager, force: false, subresource: "status", signal: o.signal },
    );
  } catch (err) {
    if (!isConflict(err) && !isNotFound(err)) throw err;
  }
};

/** Shows, in the status of an Ingress here, where the provider serves its copy. */
export const createAddresses = ({ session, local }: { session: Session; local: Local }) => {
  /** What was asked for last, by the key of the Ingress: not again, whether it was done or refused. */
  const asked = new Map<string, string>();
  const manager = managerOf(session.clusterID);
  return {
    /** `copy`: as the provider has it; undefined: it has none. What somebody else says here stands. */
    show: async (
      here: Readonly<Ingress> | undefined,
      copy: Readonly<Ingress> | undefined,
      key: string,
    ): Promise<void> => {
      const [now, wanted] = [addressesOf(here), addressesOf(copy)];
      const text = JSON.stringify([here?.metadata.uid, now, wanted]);
      if (!here || JSON.stringify(now) === JSON.stringify(wanted)) return void asked.delete(key);
      if (asked.get(key) === text) return;
      await write(local.kube, here, wanted, { manager, signal: session.signal });
      asked.set(key, text);
    },
  };
};

interface Entry {
  manager?: string;
  subresource?: string;
}

/**
 * Takes addresses back that were shown in the namespace: of one provider, or of all of them. While the twin is watched they
 * would be shown again. Without our right to the namespace there is nothing to do: it is deleted with all that is in it, or
 * this was done before the right was given back.
 */
export const withdrawAddresses = async (
  kube: Kube,
  namespace: string,
  o: { clusterID?: string; signal: AbortSignal },
): Promise<void> => {
  const isOurs = (m = ""): boolean => (o.clusterID ? m === managerOf(o.clusterID) : m.startsWith(PREFIX));
  try {
    for (const i of await kube.list(ingresses, { namespace, signal: o.signal }))
      for (const { manager = "", subresource } of (i.metadata.managedFields ?? []) as Entry[])
        if (subresource === "status" && isOurs(manager))
          await write(kube, i, [], { manager, signal: o.signal });
  } catch (err) {
    if (!isForbidden(err)) throw err;
  }
};

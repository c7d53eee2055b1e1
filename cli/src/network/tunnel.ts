import {
  findCondition,
  type ForeignCluster,
  foreignClusters,
  NETWORK_NAMESPACE,
  type TunnelEndpoint,
  tunnelEndpoints,
  tunnelName,
  VIRTUAL_NODE,
} from "@tideway/api";
import { type Kube, type Node, nodes } from "@tideway/k8s";
import { ownExternalAddress, translate } from "@tideway/net";
import { CliError } from "../exit.ts";
import { SERVICE_NEXT } from "../status/advice.ts";

/** The peer that is named, or the only one that this cluster uses. */
export const choosePeer = (all: readonly ForeignCluster[], name: string | undefined): ForeignCluster => {
  const known = all.map((p) => p.metadata.name).join(", ");
  if (name !== undefined) {
    const found = all.find((p) => p.metadata.name === name);
    if (found) return found;
    throw new CliError(`there is no peer "${name}" here`, {
      next: known ? `peers here: ${known}` : "there are no peers at all; make one: tideway peer",
    });
  }
  const used = all.filter((p) => p.spec.outgoingPeering === "Yes");
  const [only] = used;
  if (only && used.length === 1) return only;
  throw new CliError(used.length === 0 ? "this cluster uses no peer" : "this cluster uses several peers", {
    next:
      used.length === 0
        ? "make one: tideway peer"
        : `say which: ${used.map((p) => p.metadata.name).join(", ")}`,
  });
};

export interface Tunnel {
  peer: string;
  endpoint: TunnelEndpoint;
  /** Node of the gateway that carries it. */
  node: string | undefined;
}

/** The tunnel to a peer, when both sides know how they see each other. */
export const findTunnel = async (
  kube: Kube,
  peer: string | undefined,
  signal: AbortSignal,
): Promise<Tunnel> => {
  const fc = choosePeer(await kube.list(foreignClusters, { signal }), peer);
  const name = fc.metadata.name;
  const endpoint = await kube.find(tunnelEndpoints, tunnelName(name), NETWORK_NAMESPACE, { signal });
  if (!endpoint)
    throw new CliError(`there is no tunnel to ${name} yet`, { next: SERVICE_NEXT("network-manager") });
  const { local, remote } = endpoint.spec;
  if (!local.seenPodCIDR || !remote?.seenPodCIDR) {
    const ready = findCondition(endpoint.status?.conditions, "Ready");
    throw new CliError(
      `the networks of ${name} and this cluster are not agreed on yet${ready ? `: ${ready.reason}: ${ready.message}` : ""}`,
      { next: "see how far it is: tideway network status" },
    );
  }
  return { peer: name, endpoint, node: endpoint.status?.node };
};

type Networks = Pick<TunnelEndpoint["spec"]["local"], "podCIDR" | "seenPodCIDR">;

/** Where the other side sees a pod's address. */
export const seenAt = (address: string, side: Networks | undefined): string | undefined =>
  side?.seenPodCIDR ? translate(address, side.podCIDR, side.seenPodCIDR) : undefined;

/** Where the other side sees a cluster's own address in the fabric. */
export const gatewaySeenAt = (side: TunnelEndpoint["spec"]["local"] | undefined): string | undefined =>
  side?.seenExternalCIDR ? ownExternalAddress(side.seenExternalCIDR) : undefined;

const isReal = (n: Readonly<Node>): boolean =>
  n.metadata.labels?.[VIRTUAL_NODE] === undefined &&
  n.metadata.annotations?.["kwok.x-k8s.io/node"] === undefined &&
  (n.status?.conditions ?? []).some((c) => c.type === "Ready" && c.status === "True");

export interface TestNode {
  name: string;
  hostname: string;
  address: string;
  role: "gateway" | "other";
}

/** The gateway's node and one other, of those that are real and Ready. */
export const testNodes = (all: readonly Node[], gatewayNode: string | undefined): TestNode[] => {
  const real = all.filter(isReal);
  const gateway = real.find((n) => n.metadata.name === gatewayNode);
  const other = real.find((n) => n !== gateway);
  const one = (n: Node | undefined, role: TestNode["role"]): TestNode[] =>
    n
      ? [
          {
            name: n.metadata.name,
            hostname: n.metadata.labels?.["kubernetes.io/hostname"] ?? n.metadata.name,
            address: (n.status?.addresses ?? []).find((a) => a.type === "InternalIP")?.address ?? "",
            role,
          },
        ]
      : [];
  return [...one(gateway, "gateway"), ...one(other, "other")];
};

export const listTestNodes = async (
  kube: Kube,
  gatewayNode: string | undefined,
  signal: AbortSignal,
): Promise<TestNode[]> => testNodes(await kube.list(nodes, { signal }), gatewayNode);

/** What of the network is copied, by the plural of the kind here. */
export type NetworkKind = "services" | "endpointslices" | "ingresses";
export const NETWORK_KINDS: readonly NetworkKind[] = ["services", "endpointslices", "ingresses"];

export const networkKey = (kind: NetworkKind, namespace: string, name: string): string =>
  `${kind}/${namespace}/${name}`;
export const splitNetworkKey = (key: string): { kind: NetworkKind; namespace: string; name: string } => {
  const [kind = "", namespace = "", name = ""] = key.split("/");
  return { kind: kind as NetworkKind, namespace, name };
};

import type { Pod } from "@tideway/k8s";
import { translate } from "@tideway/net";
import type { Mapping } from "../network/networks.ts";
import type { Addresses } from "./status.ts";

/**
 * The provider's pod as this cluster reaches it; undefined while no mapping is known or the pod has no address. Addresses
 * outside the provider's pod network (another family) cannot be reached and are not shown.
 */
export const addressesOf = (
  remote: Readonly<Pod>,
  pods: Mapping | undefined,
  hostIP: string,
): Addresses | undefined => {
  const { podIP, podIPs = podIP ? [{ ip: podIP }] : [] } = remote.status ?? {};
  if (!pods || podIPs.length === 0) return undefined;
  const reached = podIPs.flatMap(({ ip }) => translate(ip, pods.real, pods.seen) ?? []);
  return reached.length > 0 ? { podIPs: reached, hostIP } : undefined;
};

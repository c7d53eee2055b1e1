import type { IpamClient } from "@tideway/ipamclient";
import type { Kube } from "@tideway/k8s";
import type { AddressMapper } from "../ports.ts";

/** The IPAM client, loaded and connected by the first address that needs one: most clusters map none. */
export const lazyMapper = (o: {
  endpoint: string;
  kube: Kube;
  namespace: string;
}): AddressMapper & { close(): void } => {
  let client: Promise<IpamClient> | undefined;
  const load = async (): Promise<IpamClient> => {
    const { caFromCluster, createIpamClient, fromFile, SERVICE_ACCOUNT_TOKEN } =
      await import("@tideway/ipamclient");
    return createIpamClient({
      endpoint: o.endpoint,
      ca: caFromCluster(o.kube, o.namespace),
      token: fromFile(SERVICE_ACCOUNT_TOKEN),
    });
  };
  const get = (): Promise<IpamClient> => (client ??= load());
  return {
    mapAddress: async (r) => (await get()).mapAddress(r),
    unmapAddress: async (r) => (await get()).unmapAddress(r),
    close: () => void client?.then((c) => c.close()),
  };
};

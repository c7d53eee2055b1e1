/** The way of offloaded pods to this cluster's API server, for those whose annotation asks for it. */
import { API_SERVER, API_SERVER_CONSUMER } from "@tideway/api";
import { describeError } from "@tideway/errors";
import {
  endpointSlices,
  type EndpointSlice,
  type Informer,
  informer,
  type Kube,
  type Pod,
} from "@tideway/k8s";
import { translate } from "@tideway/net";
import type { ApiServerAccess } from "@tideway/podspec";
import type { Session } from "../peers/session.ts";
import type { Mappings } from "../reflection/network/mappings.ts";
import type { NetworkView } from "./networks.ts";

/** More addresses than this help nobody: the pod's resolver tries them one by one. */
const MAX_ADDRESSES = 3;

export const wantsApiServer = (pod: Readonly<Pod>): boolean =>
  pod.metadata.annotations?.[API_SERVER] === API_SERVER_CONSUMER;

/** The EndpointSlice `kubernetes` that each API server keeps of itself; watched from the first pod that asks on. */
export const createApiServerSource = (kube: Kube, signal: AbortSignal) => {
  let cache: Informer<EndpointSlice> | undefined;
  return async (): Promise<{ addresses: string[]; port: number } | undefined> => {
    if (!cache) {
      const selectors = { namespace: "default", fieldSelector: "metadata.name=kubernetes" };
      cache = informer(kube, endpointSlices, selectors);
      cache.start(signal);
    }
    if (!cache.hasSynced) await cache.synced;
    const slice = cache.get("default/kubernetes");
    const addresses = (slice?.endpoints ?? [])
      .filter((e) => e.conditions?.ready !== false)
      .flatMap((e) => e.addresses);
    const port = slice?.ports?.[0]?.port;
    return addresses.length > 0 && port ? { addresses: addresses.slice(0, MAX_ADDRESSES), port } : undefined;
  };
};
export type ApiServerSource = ReturnType<typeof createApiServerSource>;

/** Answers undefined while there is no way: the network is not up, or no external address was given. */
export const createApiServerAccess = (d: {
  session: Session;
  source: ApiServerSource;
  networks: NetworkView;
  mappings: Mappings;
}) => {
  const of = async (pod: Readonly<Pod>): Promise<ApiServerAccess | undefined> => {
    const { name, namespace = "" } = pod.metadata;
    const networks = d.networks.of(d.session.clusterID);
    const found = networks && (await d.source());
    if (!found) return undefined;
    const { externals } = await d.mappings.use(namespace, `pod/${name}`, found.addresses);
    const { real, seen } = networks.localExternal;
    const addresses = found.addresses.flatMap((a) => {
      const external = externals.get(a);
      return (external && translate(external, real, seen)) ?? [];
    });
    return addresses.length > 0 ? { addresses, port: found.port } : undefined;
  };
  return {
    of,
    /** The pod is there, maybe since an earlier life of this service: what was mapped for it stays mapped. */
    hold: (pod: Readonly<Pod>): void =>
      void of(pod).catch((err: unknown) =>
        d.session.log.debug({ reason: describeError(err) }, "no way to the API server yet"),
      ),
    /** The pod is gone: its mapping may go. */
    release: (namespace: string, name: string): void => void d.mappings.use(namespace, `pod/${name}`, []),
  };
};
export type PodApiServerAccess = ReturnType<typeof createApiServerAccess>;

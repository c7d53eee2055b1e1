import type { ShadowEndpoint, ShadowEndpointSliceSpec } from "@tideway/api";
import type { EndpointSlice } from "@tideway/k8s";
import { contains } from "@tideway/net";

export const SERVICE_NAME = "kubernetes.io/service-name";
/** As many as Kubernetes itself puts into one slice at most. */
export const MAX_ENDPOINTS = 1_000;

type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];

export interface SliceContext {
  /** The provider's virtual nodes: what runs there is served by the provider itself. */
  nodeNames: readonly string[];
  /** This cluster's pod CIDR. */
  localPods: string;
}

const isOurs = (slice: Readonly<EndpointSlice>): boolean => {
  const service = slice.metadata.labels?.[SERVICE_NAME];
  return (
    service !== undefined &&
    service !== "" &&
    !(slice.metadata.namespace === "default" && service === "kubernetes")
  );
};

/** Of another family than the pod network: there is no way across for it. */
const fits = (slice: Readonly<EndpointSlice>, c: SliceContext): boolean =>
  slice.addressType === (c.localPods.includes(":") ? "IPv6" : "IPv4");

const elsewhere = (slice: Readonly<EndpointSlice>, c: SliceContext): Endpoint[] =>
  isOurs(slice) && fits(slice, c)
    ? (slice.endpoints ?? [])
        .filter((e) => !e.nodeName || !c.nodeNames.includes(e.nodeName))
        .slice(0, MAX_ENDPOINTS)
    : [];

const isPod = (address: string, c: SliceContext): boolean => contains(c.localPods, address);

/**
 * Addresses that the provider cannot reach as they are: of nodes (host network), of pods at a third cluster, of
 * whatever somebody wrote into a slice by hand. Each needs an external address.
 */
export const toMap = (slice: Readonly<EndpointSlice>, c: SliceContext): string[] => [
  ...new Set(
    elsewhere(slice, c)
      .flatMap((e) => e.addresses)
      .filter((a) => !isPod(a, c)),
  ),
];

const compact = <T extends object>(o: T): T =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null)) as T;

const endpointOf = (
  e: Endpoint,
  c: SliceContext,
  externalOf: (address: string) => string | undefined,
): ShadowEndpoint[] => {
  const addresses = e.addresses.flatMap((a) => (isPod(a, c) ? a : (externalOf(a) ?? [])));
  if (addresses.length === 0) return [];
  const { ready, serving, terminating } = e.conditions ?? {};
  const conditions = compact({ ready, serving, terminating });
  const pod = e.targetRef?.kind === "Pod" ? e.targetRef.name : undefined;
  return [
    compact({
      addresses,
      conditions: Object.keys(conditions).length > 0 ? conditions : undefined,
      hostname: e.hostname,
      zone: e.zone,
      pod,
    }) as ShadowEndpoint,
  ];
};

/**
 * The endpoints of a slice that do not run at the provider, in this cluster's addresses; undefined: there are none.
 * An endpoint whose external address is not known (yet) is left out.
 */
export const shadowOf = (
  slice: Readonly<EndpointSlice>,
  c: SliceContext,
  externalOf: (address: string) => string | undefined,
): ShadowEndpointSliceSpec | undefined => {
  const endpoints = elsewhere(slice, c).flatMap((e) => endpointOf(e, c, externalOf));
  if (endpoints.length === 0) return undefined;
  const ports = (slice.ports ?? []).map(({ name, protocol, port, appProtocol }) =>
    compact({ name, protocol, port, appProtocol }),
  );
  return {
    originUID: slice.metadata.uid ?? "",
    service: slice.metadata.labels?.[SERVICE_NAME] ?? "",
    addressType: slice.addressType as "IPv4" | "IPv6",
    endpoints,
    ports: ports as NonNullable<ShadowEndpointSliceSpec["ports"]>,
  };
};

import {
  type Condition,
  type ConditionInput,
  setCondition,
  type ShadowEndpoint,
  type ShadowEndpointSlice,
} from "@tideway/api";
import type { EndpointSlice } from "@tideway/k8s";
import { isInvalid } from "@tideway/errors";
import { translate } from "@tideway/net";
import type { Networks } from "../../network/networks.ts";

/** More than Kubernetes takes into one slice is refused by the schema; this many slices one namespace may have. */
export const MAX_SLICES = 2_000;
const SAID = 5;

export interface World {
  shadow: Readonly<ShadowEndpointSlice> | undefined;
  /** How this cluster and the consumer see each other; undefined while that is not known. */
  networks: Networks | undefined;
  /** The network to the consumer has ended: its addresses may be another's tomorrow. */
  ended: boolean;
  /** A slice was made for it. */
  exists: boolean;
  /** Slices of the namespace, without this one. */
  others: number;
}

type Endpoint = NonNullable<EndpointSlice["endpoints"]>[number];
export interface Slice {
  service: string;
  addressType: string;
  endpoints: Endpoint[];
  ports: NonNullable<EndpointSlice["ports"]>;
}
export interface Plan {
  slice: Slice | "keep" | "none";
  condition: ConditionInput | undefined;
  /** Endpoints that are served. */
  served: number;
}

/** Where this cluster reaches an address of the consumer; undefined: it is none of the consumer's. */
const reach = (address: string, n: Networks): string | undefined => {
  try {
    return (
      translate(address, n.remotePods.real, n.remotePods.seen) ??
      translate(address, n.remoteExternal.real, n.remoteExternal.seen)
    );
  } catch (err) {
    if (isInvalid(err)) return undefined;
    throw err;
  }
};

const endpointOf = (e: ShadowEndpoint, n: Networks, refused: string[]): Endpoint[] => {
  const addresses = e.addresses.flatMap((a) => {
    const seen = reach(a, n);
    if (seen === undefined) refused.push(a);
    return seen ?? [];
  });
  if (addresses.length === 0) return [];
  const { conditions, hostname, zone } = e;
  return [
    {
      addresses,
      ...(conditions ? { conditions } : {}),
      ...(hostname ? { hostname } : {}),
      ...(zone ? { zone } : {}),
    },
  ];
};

const say = (
  shadow: Readonly<ShadowEndpointSlice>,
  status: "True" | "False",
  reason: string,
  message: string,
): ConditionInput => ({
  type: "Ready",
  status,
  reason,
  message,
  ...(shadow.metadata.generation ? { observedGeneration: shadow.metadata.generation } : {}),
});

/**
 * The EndpointSlice of a ShadowEndpointSlice. An address that is not the consumer's is left out and told; the other
 * endpoints are served.
 */
export const decide = (w: World): Plan => {
  const { shadow, networks: n } = w;
  if (!shadow || shadow.metadata.deletionTimestamp !== undefined)
    return { slice: "none", condition: undefined, served: 0 };
  const refuse = (slice: "keep" | "none", reason: string, message: string): Plan => ({
    slice,
    condition: say(shadow, "False", reason, message),
    served: 0,
  });
  if (w.ended) return refuse("none", "NetworkEnded", "the network to the consumer's cluster has ended");
  if (!n)
    return refuse(
      "keep",
      "NetworkNotReady",
      "how this cluster reaches the consumer's addresses is not known yet; looked at again when it is",
    );
  if (!w.exists && w.others >= MAX_SLICES)
    return refuse("none", "TooManySlices", `a namespace has at most ${MAX_SLICES} slices of its consumer`);
  const refused: string[] = [];
  const endpoints = shadow.spec.endpoints.flatMap((e) => endpointOf(e, n, refused));
  const slice: Slice = {
    service: shadow.spec.service,
    addressType: shadow.spec.addressType,
    endpoints,
    ports: shadow.spec.ports ?? [],
  };
  const some = refused.slice(0, SAID).join(", ");
  const more = refused.length > SAID ? ` and ${refused.length - SAID} more` : "";
  const condition =
    refused.length > 0
      ? say(
          shadow,
          "False",
          "AddressRefused",
          `${some}${more}: neither in the consumer's pod network ${n.remotePods.real} nor in its external one ${n.remoteExternal.real}; left out`,
        )
      : say(
          shadow,
          "True",
          "EndpointsServed",
          `reached in ${n.remotePods.seen} and ${n.remoteExternal.seen}`,
        );
  return { slice, condition, served: endpoints.length };
};

export const nextConditions = (
  shadow: Readonly<ShadowEndpointSlice>,
  c: ConditionInput,
  nowIso: string,
): Condition[] => [setCondition(shadow.status?.conditions, c, nowIso)];

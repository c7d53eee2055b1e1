import { commonConfig } from "@tideway/config";
import { type Static, Type } from "@sinclair/typebox";

export const networkManagerConfig = Type.Object({
  ...commonConfig,
  /** Network of this cluster's pods; absent: found. One of each family separated by a comma: the first one counts. */
  podCIDR: Type.Optional(Type.String({ env: "TIDEWAY_POD_CIDR" })),
  /** Network of this cluster's Services; absent: found. */
  serviceCIDR: Type.Optional(Type.String({ env: "TIDEWAY_SERVICE_CIDR" })),
  /** NodePort: any node's address; LoadBalancer; HostPort: the gateway's node; None: peers cannot call this cluster (behind NAT). */
  gatewayExposure: Type.Union(
    [Type.Literal("NodePort"), Type.Literal("LoadBalancer"), Type.Literal("HostPort"), Type.Literal("None")],
    { default: "NodePort" },
  ),
  /** Namespace of the gateways. */
  networkNamespace: Type.String({
    env: "NETWORK_NAMESPACE",
    default: "tideway-network",
    minLength: 1,
    maxLength: 63,
  }),
  /** Age at which keys are replaced, hours. 0: never by themselves. */
  keyRotationHours: Type.Integer({ default: 168, minimum: 0, maximum: 8760 }),
  /** How long the older key is kept after the tunnel uses the newer one, seconds. */
  keyGraceSeconds: Type.Integer({ default: 30, minimum: 0, maximum: 3600 }),
  /** Length of the external CIDR that is taken from the pool at first, IPv4; with IPv6 it is 64 more. */
  externalPrefixLength: Type.Integer({ default: 20, minimum: 12, maximum: 28 }),
  /** Bytes of a packet in the tunnel; 0: what the pod network takes less 80. */
  tunnelMtu: Type.Integer({ default: 0, minimum: 0, maximum: 65_455 }),
  /** Port of the gRPC server; 0 takes a free one. */
  ipamPort: Type.Integer({ default: 8443, minimum: 0, maximum: 65_535 }),
});

export type NetworkManagerConfig = Static<typeof networkManagerConfig>;
export type Exposure = NetworkManagerConfig["gatewayExposure"];

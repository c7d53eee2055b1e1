import { type Static, Type } from "@sinclair/typebox";
import { commonConfig, loadConfig } from "@tideway/config";

// The ConfigMap with the cluster's name is in another namespace; the fact `door` brings the name.
const { clusterName: _, ...common } = commonConfig;

const schema = Type.Object({
  ...common,
  /** IPv4 address of the interface that is on the local network. Absent: the pod's, which is the node's. */
  address: Type.Optional(Type.String({ env: "MDNS_ADDRESS", format: "ipv4" })),
  /** Seconds that others keep our announcement without hearing it again. */
  ttlSeconds: Type.Integer({ env: "MDNS_TTL_SECONDS", default: 120, minimum: 2, maximum: 4500 }),
  /** Announcements that are kept at the same time, a quarter of them told of by one sender. */
  maxInstances: Type.Integer({ env: "MDNS_MAX_INSTANCES", default: 64, minimum: 1, maximum: 256 }),
  /** New announcements a minute that are taken in, after a first `maxInstances`; a quarter of both of one sender. */
  newPerMinute: Type.Integer({ env: "MDNS_NEW_PER_MINUTE", default: 6, minimum: 1, maximum: 600 }),
  /** Packets a second that are read, a quarter of them of one sender; further ones are dropped unread. */
  packetsPerSecond: Type.Integer({
    env: "MDNS_PACKETS_PER_SECOND",
    default: 500,
    minimum: 40,
    maximum: 100_000,
  }),
});

export type MdnsAgentConfig = Static<typeof schema>;
export const readConfig = (env: Record<string, string | undefined>): MdnsAgentConfig =>
  loadConfig(schema, env);

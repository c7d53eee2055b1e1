import { type Static, Type } from "@sinclair/typebox";
import { commonConfig, loadConfig } from "@tideway/config";

const schema = Type.Object({
  ...commonConfig,
  /** Seconds between two probes of a peer, give or take a tenth. */
  probeSeconds: Type.Number({ env: "DISCOVERY_PROBE_SECONDS", default: 5, minimum: 0.05, maximum: 300 }),
  /** Milliseconds a peer has to answer a probe, connecting included. */
  probeTimeoutMs: Type.Integer({
    env: "DISCOVERY_PROBE_TIMEOUT_MS",
    default: 2000,
    minimum: 50,
    maximum: 30_000,
  }),
  /** Failed probes in a row after which a peer counts as unreachable. */
  probeFailures: Type.Integer({ env: "DISCOVERY_PROBE_FAILURES", default: 3, minimum: 1, maximum: 20 }),
  /** Seconds that the other services have after an unpeer deadline before a ForeignCluster goes without them. */
  unpeerGraceSeconds: Type.Integer({
    env: "DISCOVERY_UNPEER_GRACE_SECONDS",
    default: 10,
    minimum: 0,
    maximum: 600,
  }),
  /** Milliseconds that a DNS server has to answer one question. */
  dnsTimeoutMs: Type.Integer({
    env: "DISCOVERY_DNS_TIMEOUT_MS",
    default: 2000,
    minimum: 50,
    maximum: 30_000,
  }),
  /** ForeignClusters made of announcements at the same time: further clusters are not taken in. */
  maxFound: Type.Integer({ env: "DISCOVERY_MAX_FOUND", default: 128, minimum: 0, maximum: 1024 }),
});

export type DiscoveryConfig = Static<typeof schema>;
export const readConfig = (env: Record<string, string | undefined>): DiscoveryConfig =>
  loadConfig(schema, env);

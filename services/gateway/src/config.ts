import { type Static, Type } from "@sinclair/typebox";
import { commonConfig, loadConfig } from "@tideway/config";

/** The cluster's name is for people; a gateway knows peers by ID, and their names by their facts. */
const { clusterName: _, ...common } = commonConfig;

const schema = Type.Object({
  ...common,
  /** Name and InternalIP of the node that this pod runs on. */
  nodeName: Type.String({ env: "NODE_NAME", minLength: 1, maxLength: 253 }),
  nodeIP: Type.String({ env: "NODE_IP", minLength: 2, maxLength: 45 }),
  /** Milliseconds between two probes of a peer. */
  probeMs: Type.Integer({ env: "GATEWAY_PROBE_MS", default: 250, minimum: 20, maximum: 10_000 }),
  /** Milliseconds without an answer after which a peer counts as lost; at least two probes. */
  lostMs: Type.Integer({ env: "GATEWAY_LOST_MS", default: 1000, minimum: 40, maximum: 60_000 }),
  /** Seconds after which the peers of a replica that is not heard any more move; a multiple of 1.5. */
  leaseSeconds: Type.Number({
    env: "GATEWAY_LEASE_SECONDS",
    default: 1.5,
    minimum: 1.5,
    maximum: 60,
    multipleOf: 1.5,
  }),
  /** `userspace` never tries the kernel's WireGuard. */
  wireguard: Type.Union([Type.Literal("auto"), Type.Literal("kernel"), Type.Literal("userspace")], {
    env: "GATEWAY_WIREGUARD",
    default: "auto",
  }),
  /** The userspace WireGuard. */
  wireguardGo: Type.String({ env: "GATEWAY_WIREGUARD_GO", default: "wireguard-go" }),
});

export type GatewayConfig = Static<typeof schema>;
export const readConfig = (env: Record<string, string | undefined>): GatewayConfig => loadConfig(schema, env);

import { commonConfig } from "@tideway/config";
import { type Static, Type } from "@sinclair/typebox";

// The ConfigMap with the cluster's name is in another namespace, and nothing here shows it to anybody.
const { clusterName: _, ...common } = commonConfig;

export const routeAgentConfig = Type.Object({
  ...common,
  /** The node whose routes this agent keeps: its own. */
  nodeName: Type.String({ env: "NODE_NAME", minLength: 1, maxLength: 253 }),
  /** How often the node is looked at although nobody said that something changed, ms. */
  resyncMs: Type.Integer({ env: "RESYNC_MS", default: 15_000, minimum: 100, maximum: 600_000 }),
  /**
   * How long routes that an earlier agent left on the node stand after a start without a fact that tells of them, ms:
   * on a bus that lost its storage the gateways still have to speak.
   */
  inheritMs: Type.Integer({ env: "INHERIT_MS", default: 60_000, minimum: 0, maximum: 3_600_000 }),
  /** Bit of the packet mark by which kube-proxy asks for masquerade (`--iptables-masquerade-bit`). */
  masqueradeBit: Type.Integer({ env: "MASQUERADE_BIT", default: 14, minimum: 0, maximum: 31 }),
});

export type RouteAgentConfig = Static<typeof routeAgentConfig>;

/** Builders of worlds for tests: a case names only what matters to it. */
import type { Condition, ForeignCluster } from "@tideway/api";
import type { FactOf } from "@tideway/protos";
import type { Heard, PeerFact } from "../ports.ts";
import type { Answer } from "../probe/health.ts";
import type { Plan } from "./decide.ts";
import type { World } from "./world.ts";

/** What a peer answers that is well. */
export const ANSWER: Answer = { ok: true, clusterName: "west", version: "0.2", capabilities: [], skewMs: 0 };

export const NOW = Date.parse("2026-05-01T12:00:00.000Z");
export const ID = "22222222-2222-2222-2222-222222222222";

export const clusterOf = (
  spec: Partial<ForeignCluster["spec"]> = {},
  metadata: Partial<ForeignCluster["metadata"]> = {},
  conditions?: Condition[],
): ForeignCluster => ({
  metadata: { name: "west", uid: "uid", generation: 3, ...metadata },
  spec: { clusterID: ID, clusterName: "west", authEndpoint: "192.0.2.1:443", pins: ["sha256/pin"], ...spec },
  ...(conditions ? { status: { conditions } } : {}),
});

export const deletedAt = (ms: number): Partial<ForeignCluster["metadata"]> => ({
  deletionTimestamp: new Date(ms).toISOString(),
});

export const worldOf = (change: Partial<World> = {}): World => ({
  cluster: clusterOf(),
  self: "11111111-1111-1111-1111-111111111111",
  elder: undefined,
  said: undefined,
  heard: { identity: {}, offer: {} },
  health: undefined,
  policy: undefined,
  strangers: [],
  probeMs: 5000,
  now: NOW,
  graceMs: 10_000,
  ...change,
});

const own = { clusterId: ID, name: "west" };

export const identityOf = (
  state: FactOf["identity"]["state"],
  more: Partial<FactOf["identity"]> = {},
): FactOf["identity"] => ({
  ...own,
  direction: "",
  state,
  apiServer: "",
  localNamespace: "",
  remoteNamespace: "",
  secretName: "",
  notAfter: "",
  reason: "",
  message: "",
  serial: "",
  podsKept: false,
  ...more,
});
export const offerOf = (
  state: FactOf["offer"]["state"],
  more: Partial<FactOf["offer"]> = {},
): FactOf["offer"] => ({
  ...own,
  direction: "",
  state,
  resources: {},
  labels: {},
  rule: "",
  reason: "",
  message: "",
  pools: [],
  ...more,
});
export const nodeOf = (
  state: FactOf["node"]["state"],
  more: Partial<FactOf["node"]> = {},
): FactOf["node"] => ({
  ...own,
  nodeName: "west",
  state,
  resources: {},
  reason: "",
  ...more,
});
export const replicationOf = (
  state: FactOf["replication"]["state"],
  message = "",
): FactOf["replication"] => ({ ...own, state, backlog: 0, message });

/** Everything that our use of a peer needs. */
export const USED: Heard = {
  identity: {
    outgoing: identityOf("GRANTED", {
      localNamespace: "tideway-peer-west",
      apiServer: "https://west:6443",
    }),
  },
  offer: { outgoing: offerOf("ACCEPTED") },
  node: nodeOf("READY"),
  replication: replicationOf("CONNECTED"),
};

export const saidOf = (more: Partial<PeerFact> = {}): PeerFact => ({
  ...own,
  phase: "PRESENT",
  outgoing: false,
  incoming: true,
  reachable: false,
  authEndpoint: "192.0.2.1:443",
  pins: ["sha256/pin"],
  tokenSecret: "",
  unpeerDeadline: "",
  tenantNamespace: "tideway-tenant-west",
  peerNamespace: "tideway-peer-west",
  clusterName: "west",
  protocolVersion: "",
  capabilities: [],
  claimed: false,
  foundAt: [],
  labels: {},
  ...more,
});

/** The world after the plan was performed. */
export const after = (w: World, plan: Plan, now = w.now): World => ({
  ...w,
  now,
  said: plan.fact ?? w.said,
  cluster: plan.status
    ? {
        ...w.cluster,
        status: { ...w.cluster.status, ...plan.status },
      }
    : w.cluster,
});

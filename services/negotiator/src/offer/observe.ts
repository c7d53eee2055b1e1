import { offerName, SHARING_POLICY_NAME } from "@tideway/api";
import { type Ledger, type Policy, poolOf } from "@tideway/sharing";
import type { Grants } from "../capacity/grants.ts";
import type { Clock, Heard, Objects } from "../ports.ts";
import type { Peers } from "../peers.ts";
import type { PoolWorld, World } from "./decide.ts";

export interface Sources {
  clusterID: string;
  heard: Heard;
  peers: Peers;
  objects: Pick<Objects, "policies" | "offers">;
  /** Compiled once a generation. */
  compiled(policy: ReturnType<Objects["policies"]["get"]>): Policy | undefined;
  ledger: Ledger;
  grants: Grants;
  clock: Clock;
}

/** Pools that the peer may get, or has an offer of: the nodes in none first. */
const poolNames = (s: Sources, policy: Policy | undefined, id: string, makesNodes: boolean): string[] => {
  const may = makesNodes ? (policy?.pools ?? []).map((p) => p.name) : [];
  const has = s.peers.side(id, "incoming").offers.map((o) => o.spec.pool ?? "");
  return [...new Set(["", ...has, ...may])].toSorted();
};

export const observe = (s: Sources, id: string, namespace: string): World => {
  const peer = s.heard.peers.get(id)?.data;
  const side = s.peers.side(id, "incoming");
  const policy = s.compiled(s.objects.policies.get(SHARING_POLICY_NAME));
  // Without a sound policy nodes stay as they were sorted, so that no pool loses its nodes by a mistake.
  if (policy && policy.problems.length === 0) s.ledger.sort(policy.pools.filter((p) => p.name !== ""));
  const pools = poolNames(s, policy, id, side.request?.spec.pools === true).map((name): PoolWorld => ({
    name,
    offer: side.offers.find((o) => o.metadata.name === offerName(name)),
    capacity: s.ledger.capacity(name),
    // The nodes of a pool that was taken out of the policy are in another one now: whatever is used keeps its offer.
    used: s.ledger.usedBy(id, poolOf(policy, name) ? name : undefined),
    labels: s.ledger.labels(name),
  }));
  return {
    clusterID: s.clusterID,
    peer: {
      id,
      name: s.peers.nameOf(id) ?? id,
      clusterName: peer?.clusterName || undefined,
      labels: peer?.labels ?? {},
    },
    namespace,
    identity: s.heard.identities.get(id, "incoming")?.data.state,
    incomingAllowed: peer?.phase === "PRESENT" ? peer.incoming : undefined,
    request: side.request,
    policy,
    pools,
    grants: s.grants.list(),
    now: s.clock.now().toISOString(),
  };
};

import { SHARING_POLICY_NAME } from "@tideway/api";
import type { Grants } from "../capacity/grants.ts";
import type { Ledger } from "../capacity/ledger.ts";
import type { Clock, Heard, Objects } from "../ports.ts";
import type { Peers } from "../peers.ts";
import type { World } from "./decide.ts";

export interface Sources {
  clusterID: string;
  heard: Heard;
  peers: Peers;
  objects: Pick<Objects, "policies">;
  ledger: Ledger;
  grants: Grants;
  clock: Clock;
}

export const observe = (s: Sources, id: string, namespace: string): World => {
  const peer = s.heard.peers.get(id)?.data;
  return {
    clusterID: s.clusterID,
    peer: { id, name: s.peers.nameOf(id) ?? id, clusterName: peer?.clusterName || undefined },
    namespace,
    identity: s.heard.identities.get(id, "incoming")?.data.state,
    incomingAllowed: peer?.phase === "PRESENT" ? peer.incoming : undefined,
    ...s.peers.side(id, "incoming"),
    policy: s.objects.policies.get(SHARING_POLICY_NAME),
    capacity: s.ledger.capacity(),
    grants: s.grants.list(),
    labels: s.ledger.labels(),
    storageClasses: [], // offered by storage-fabric's work, which is to come
    now: s.clock.now().toISOString(),
  };
};

import { POOLS_CAPABILITY } from "@tideway/api";
import type { Clock, Heard } from "../ports.ts";
import type { Peers } from "../peers.ts";
import type { World } from "./decide.ts";

export interface Sources {
  clusterID: string;
  heard: Heard;
  peers: Peers;
  clock: Clock;
}

export const observe = (s: Sources, id: string): World => {
  const peer = s.heard.peers.get(id)?.data;
  return {
    clusterID: s.clusterID,
    wanted: peer && peer.phase === "PRESENT" && peer.outgoing,
    identity: s.heard.identities.get(id, "outgoing")?.data.state,
    givesPools: peer?.protocolVersion ? peer.capabilities.includes(POOLS_CAPABILITY) : undefined,
    node: s.heard.nodes.get(id)?.data.state,
    unpeerDeadline: peer?.unpeerDeadline || undefined,
    ...s.peers.side(id, "outgoing"),
    now: s.clock.now().toISOString(),
  };
};

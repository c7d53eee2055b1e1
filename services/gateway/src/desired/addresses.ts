import { ownExternalAddress } from "@tideway/net";
import type { Peer, View, World } from "./world.ts";

/** A peer of which both sides' views are known: only those get routes, translation and rules. */
export type SeenPeer = Peer & { view: View };
export const seenPeers = (w: World): SeenPeer[] =>
  w.peers.filter((p): p is SeenPeer => p.view !== undefined).sort((a, b) => (a.id < b.id ? -1 : 1));

/** Networks behind the tunnel, as this cluster sees them. */
export const remotePrefixes = ({ view }: SeenPeer): string[] => [
  ...new Set([view.remotePodsSeen, view.remoteExternalSeen]),
];

export const localPods = (w: World): string[] => [...new Set(seenPeers(w).map((p) => p.view.localPods))];
export const localExternals = (w: World): string[] => [
  ...new Set(seenPeers(w).map((p) => p.view.localExternal)),
];
/** The cluster's own external addresses: one, unless its external network is being changed. */
export const ownAddresses = (w: World): string[] => localExternals(w).map(ownExternalAddress);

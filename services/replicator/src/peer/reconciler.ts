import { type Credentials, type Kube, secrets } from "@tideway/k8s";
import type { Reconcile } from "@tideway/controller";
import { type PeerCredentials, credentialsOf } from "./credentials.ts";
import type { Peer } from "../ports.ts";
import type { Session } from "./session.ts";
import type { Standing } from "./standing.ts";

export interface PeerDeps {
  owns(peerId: string): boolean;
  standing(peerId: string): Standing;
  /** ms since the epoch; see deadlineOf. */
  deadline(peerId: string): number | undefined;
  /** The own cluster, for the identity Secret. */
  kube: Pick<Kube, "get">;
  open(peer: Peer, credentials: () => Credentials): Session;
  /** How things stand with the peer changed. */
  report(peerId: string): void;
  now(): number;
}

interface Held {
  session: Session;
  serial: string;
  credentials: PeerCredentials;
}

export interface Peers {
  reconcile: Reconcile;
  session(peerId: string): Session | undefined;
  ids(): string[];
  closeAll(): Promise<void>;
}

const samePlace = (a: Peer, b: Peer): boolean =>
  a.name === b.name &&
  a.server === b.server &&
  a.localNamespace === b.localNamespace &&
  a.remoteNamespace === b.remoteNamespace;

/** One session for each peer that has granted us an identity and is ours among the replicas; none for any other. */
export const createPeers = (d: PeerDeps): Peers => {
  const held = new Map<string, Held>();

  const close = async (peerId: string): Promise<void> => {
    const h = held.get(peerId);
    held.delete(peerId);
    await h?.session.close();
  };

  const ensure = async (s: Extract<Standing, { is: "granted" }>, signal: AbortSignal): Promise<void> => {
    const { peer } = s;
    const before = held.get(peer.id);
    if (before && before.serial === s.serial && samePlace(before.session.peer, peer)) return;
    const secret = await d.kube.get(secrets, s.secretName, peer.localNamespace, { signal });
    const credentials = credentialsOf(secret);
    const place: Peer = {
      ...peer,
      server: credentials.server,
      remoteNamespace: peer.remoteNamespace || credentials.namespace,
    };
    if (before && samePlace(before.session.peer, place)) {
      before.credentials = credentials;
      before.serial = s.serial;
      before.session.renew();
      return;
    }
    await close(peer.id);
    const h: Omit<Held, "session"> & { session?: Session } = { serial: s.serial, credentials };
    h.session = d.open(place, () => h.credentials);
    held.set(peer.id, h as Held);
  };

  return {
    session: (peerId) => held.get(peerId)?.session,
    ids: () => [...held.keys()],
    closeAll: async () => void (await Promise.all([...held.keys()].map(close))),
    reconcile: async (peerId, { signal }) => {
      const standing = d.standing(peerId);
      if (!d.owns(peerId) || standing.is !== "granted") await close(peerId);
      else await ensure(standing, signal);
      d.report(peerId);
      const left = (d.deadline(peerId) ?? NaN) - d.now();
      const session = held.get(peerId)?.session;
      if (left <= 0) session?.touchAll();
      return left > 0 ? { requeueAfterMs: left + 1 } : {};
    },
  };
};

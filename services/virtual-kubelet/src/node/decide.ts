import { type ConditionInput, nodeName, type VirtualNode } from "@tideway/api";
import type { Node } from "@tideway/k8s";
import type { IdentityFact, NetworkFact, NodeFact, OfferFact, PeerFact, TunnelFact } from "@tideway/protos";
import type { Health } from "./health.ts";
import { offerState, type OfferState, type OfferWord } from "./offer.ts";
import { networkOf, type NodeNetwork } from "./tunnel.ts";

/** A provider, and one node that stands for it: for its nodes in no pool, or for those of one. */
export interface World {
  clusterID: string;
  /** The provider's node pool; "": its nodes in none. */
  pool: string;
  now: number;
  /** Facts of other concerns; undefined: none was published, which says nothing. */
  peer: Readonly<PeerFact> | undefined;
  offer: Readonly<OfferFact> | undefined;
  identity: Readonly<IdentityFact> | undefined;
  network: Readonly<NetworkFact> | undefined;
  tunnel: Readonly<TunnelFact> | undefined;
  /** Asked of the API server only where no fact tells of the peer. */
  foreignCluster: "present" | "gone" | "unasked";
  virtualNode: Readonly<VirtualNode> | undefined;
  /** Cluster ID of another peer whose node has the name that this one would have. */
  takenBy?: string | undefined;
  node: Readonly<Node> | undefined;
  /** Undefined while this replica has no connection to the provider. */
  health: Health | undefined;
  /** Pods bound to the node; undefined while that is not known. */
  pods: number | undefined;
  /** This replica has taken down everything before, or found nothing, and made nothing since. */
  isCleared: boolean;
  /** How many of them are beyond what is offered and have to leave; 0 while that is not known. */
  beyond?: number;
  /** Ms until one more has to. Default: none will. */
  nextBeyondMs?: number;
}

export type Effect =
  | {
      do: "virtualNode";
      name: string;
      pool: string;
      resources: Record<string, string>;
      labels: Record<string, string>;
    }
  | {
      do: "node";
      ready: boolean;
      reason: string;
      message: string;
      cordoned: boolean;
      /** Undefined: no network fabric, and the node says nothing of it. */
      network: NodeNetwork | undefined;
      /** Round trip through the tunnel; undefined: not known now. */
      latencyMs: number | undefined;
    }
  /** End the pods bound to the node; with `force` without waiting for the provider. */
  | { do: "evict"; withinSeconds: number; force: boolean }
  /** Asks pods to leave, as far as disruption budgets let them: all of them, or those beyond what is offered. */
  | { do: "drain"; which: "all" | "beyond"; resources: Record<string, string> }
  /** Lease, Node, VirtualNode: whatever is left of it. */
  | { do: "remove"; name: string };

export interface Plan {
  effects: Effect[];
  /** Whether a connection to the provider is to be kept. */
  connect: boolean;
  fact?: { state: NodeFact["state"]; reason: string };
  condition?: ConditionInput;
  /** What the provider does to the offer; undefined: it stands, or nothing is known of it. */
  word?: OfferWord | undefined;
  recheckMs?: number;
}

const NONE = Number.POSITIVE_INFINITY;
/** Without a deadline from the peer fact a withdrawn offer is drained within the default of spec.unpeerTimeoutSeconds. */
const DEFAULT_DRAIN_SECONDS = 30;
const DRAIN_AGAIN_MS = 2_000;
/** Pods are given this much less than what is left, so that their end is seen before the deadline. */
const MARGIN_SECONDS = 3;

const virtualised = (
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
): ConditionInput => ({
  type: "Virtualised",
  status,
  reason,
  message,
});

/** Peer name of the provider that the node stands for; undoes {@link nodeName}. */
export const peerOfNode = ({ metadata: { name }, spec: { pool = "" } }: Readonly<VirtualNode>): string =>
  pool === "" ? name : name.slice(0, -pool.length - 1);

/** Peer name of the provider. */
export const peerOf = ({ virtualNode, ...w }: World): string | undefined =>
  virtualNode ? peerOfNode(virtualNode) : w.offer?.name || w.identity?.name || w.peer?.name || undefined;

export const nameOf = (w: World): string | undefined => {
  const peer = peerOf(w);
  return peer === undefined ? undefined : nodeName(peer, w.pool);
};

/** The entries of an accepted offer; undefined: there is none, or it does not tell them apart. */
export const givenPools = (offer: World["offer"]): OfferFact["pools"] | undefined =>
  offer?.state === "ACCEPTED" && offer.pools?.length > 0 ? offer.pools : undefined;

/** Why all nodes of the provider must go; undefined: they may stay. Only facts count, never their absence. */
export const whyLeave = (w: World): string | undefined => {
  if (w.foreignCluster === "gone" || w.peer?.phase === "GONE") return "PeerGone";
  if (w.peer && !w.peer.outgoing) return "PeeringEnded";
  if (w.offer?.state === "REFUSED") return "OfferWithdrawn";
  // A peering that starts finds the facts of the one before it, which ended: they take nothing away.
  const starts = w.peer?.outgoing === true && !w.virtualNode && !w.node;
  if (w.offer?.state === "GONE" && !starts) return "OfferWithdrawn";
  if (w.identity?.state === "GONE" && !starts) return "IdentityGone";
  return undefined;
};

/** As {@link whyLeave}, of this node: an accepted offer names all that is given. */
const whyGo = (w: World): string | undefined => {
  const given = givenPools(w.offer);
  const ended = w.virtualNode && given && !given.some((p) => p.name === w.pool);
  return whyLeave(w) ?? (ended ? "OfferWithdrawn" : undefined);
};

export const isGoing = (w: World): boolean => whyGo(w) !== undefined;

const ended: OfferWord = {
  reason: "OfferEnded",
  message: "the offer has ended: what still runs is ended, and the node is removed",
};

const leave = (w: World, name: string | undefined, why: string): Plan => {
  const word = why === "OfferWithdrawn" ? { word: ended } : {};
  const stands = w.virtualNode !== undefined || w.node !== undefined;
  const gone: Plan = {
    ...word,
    effects: [],
    connect: false,
    fact: { state: "GONE", reason: why },
    condition: virtualised("False", why, "there is no virtual node"),
  };
  if (!name) return { effects: [], connect: false };
  if (!stands && w.isCleared) return gone;
  if (!stands && w.pods === 0) return { ...gone, effects: [{ do: "remove", name }] };
  const deadline = w.peer?.unpeerDeadline ? Date.parse(w.peer.unpeerDeadline) : NONE;
  const secondsLeft = Math.min(DEFAULT_DRAIN_SECONDS * 10, (deadline - w.now) / 1000);
  const expired = secondsLeft <= 0;
  if (w.pods === 0 || (expired && w.pods === undefined))
    return { ...gone, effects: [{ do: "remove", name }] };
  const grace = Number.isFinite(deadline)
    ? Math.max(1, Math.floor(secondsLeft - MARGIN_SECONDS))
    : DEFAULT_DRAIN_SECONDS;
  return {
    ...word,
    connect: true,
    effects: [
      ...(w.node ? [nodeEffect(w, true)] : []),
      { do: "evict", withinSeconds: expired ? 0 : grace, force: expired },
    ],
    fact: { state: "DRAINING", reason: why },
    condition: virtualised(
      "False",
      "Draining",
      `${w.pods ?? "unknown"} pods are leaving the virtual node (${why})`,
    ),
    recheckMs: expired ? 500 : Math.min(5_000, Math.max(50, deadline - w.now)),
  };
};

const nodeEffect = (w: World, cordoned: boolean): Effect => {
  const { ok, reason, message } = ready(w);
  const { tunnel } = w;
  const latencyMs = tunnel?.state === "CONNECTED" && tunnel.latencyMs > 0 ? tunnel.latencyMs : undefined;
  const network = networkOf(w.network, tunnel);
  return { do: "node", ready: ok, reason, message, cordoned, network, latencyMs };
};

const ready = (w: World): { ok: boolean; reason: string; message: string } => {
  if (w.identity && w.identity.state !== "GRANTED")
    return {
      ok: false,
      reason: "IdentityRevoked",
      message: w.identity.message || `the provider answers ${w.identity.state}`,
    };
  return w.health ?? { ok: false, reason: "NotConnected", message: "not connected to the provider" };
};

const taken = (name: string, by: string): Plan => ({
  effects: [],
  connect: true,
  condition: virtualised(
    "False",
    "NodeNameTaken",
    `node ${name} cannot be made: a node of that name stands for cluster ${by}; rename the peer or the node pool`,
  ),
});

/** What is to be done about one virtual node. */
export const decide = (w: World): Plan => {
  const name = nameOf(w);
  const why = whyGo(w);
  if (why) return leave(w, name, why);
  const stands = w.virtualNode !== undefined;
  const isGranted = w.identity?.state === "GRANTED";
  if (!name || (!stands && (w.offer?.state !== "ACCEPTED" || !isGranted)))
    // The connection is opened while the two negotiate, so that the node needs no more than its own creation.
    return { effects: [], connect: isGranted && w.peer?.outgoing === true };
  // An offer that is negotiated again leaves the node as it was until there is a result.
  if (w.takenBy) return taken(name, w.takenBy);
  const given = givenPools(w.offer)?.find((p) => p.name === w.pool);
  const accepted = given ?? (w.offer?.state === "ACCEPTED" && w.pool === "" ? w.offer : undefined);
  const resources = accepted?.resources ?? w.virtualNode?.spec.resources ?? {};
  const labels = accepted?.labels ?? w.virtualNode?.spec.labels ?? {};
  const offer = offerState(given, w.now);
  const effects: Effect[] = [
    { do: "virtualNode", name, pool: w.pool, resources, labels },
    nodeEffect(w, offer.cordoned !== undefined),
    ...drains(w, offer, resources),
  ];
  return { connect: true, effects, word: offer.word, ...said(w, name, offer), ...recheck(w, effects, offer) };
};

const drains = (w: World, offer: OfferState, resources: Record<string, string>): Effect[] => {
  if (!w.node) return [];
  if (offer.draining) return [{ do: "drain", which: "all", resources }];
  return offer.settled && w.beyond ? [{ do: "drain", which: "beyond", resources }] : [];
};

const said = (
  w: World,
  name: string,
  { cordoned, draining }: OfferState,
): Pick<Plan, "fact" | "condition"> => {
  const { ok, reason, message } = ready(w);
  const why = cordoned?.reason ?? reason;
  const words = cordoned?.message ?? `node ${name} is ready`;
  return {
    fact: { state: draining ? "DRAINING" : ok ? "READY" : "NOT_READY", reason: ok ? why : reason },
    condition: virtualised(ok ? "True" : "False", ok ? why : reason, ok ? words : message),
  };
};

/** Evictions that a budget keeps are tried again; an offer that ends in time is looked at then. */
const recheck = (w: World, effects: readonly Effect[], offer: OfferState): { recheckMs?: number } => {
  const ms = Math.min(
    w.peer ? NONE : 30_000,
    offer.changesInMs ?? NONE,
    offer.settled ? (w.nextBeyondMs ?? NONE) : NONE,
    effects.some((e) => e.do === "drain") ? DRAIN_AGAIN_MS : NONE,
  );
  return ms === NONE ? {} : { recheckMs: ms };
};

/** The condition Ready: the first thing that is missing, as its service says it. Pure. */
import type { FactOf } from "@tideway/protos";
import { reachable } from "./reachable.ts";
import {
  allLeft,
  at,
  deadlineOf,
  endsOutgoing,
  incomingLeft,
  isLeaving,
  type Line,
  outgoingLeft,
  wantsOutgoing,
  type World,
} from "./world.ts";

type Check = (w: World) => Line | undefined;
type Offer = FactOf["offer"];

const waits = (reason: string, message: string): Line => ({
  status: "False",
  reason,
  message,
  passing: true,
});
const fails = (reason: string, message: string): Line => ({
  status: "False",
  reason,
  message,
  serious: true,
});

const REASON = /^[A-Za-z][A-Za-z0-9]*$/;
/** A reason of another service, where it is one that the API server takes. */
const wordOr = (reason: string, otherwise: string): string => (REASON.test(reason) ? reason : otherwise);

const byRule = (o: Offer): string => (o.rule ? ` by rule "${o.rule}"` : "");
const because = (o: Offer): string => {
  const words = o.message || o.reason;
  return words ? `: ${words}` : "";
};
const amounts = (o: Offer): string =>
  Object.entries(o.resources)
    .map(([name, amount]) => `${name} ${amount}`)
    .join(", ") || "nothing yet";

const ownCluster: Check = ({ cluster, self }) =>
  cluster.spec.clusterID === self ? fails("SelfPeering", "the cluster ID is this cluster's own") : undefined;

const secondOfItsID: Check = ({ elder }) =>
  elder
    ? fails(
        "DuplicateClusterID",
        `ForeignCluster ${elder} is the same cluster, and came first; this one does nothing`,
      )
    : undefined;

const takenDown: Check = (w) => {
  if (!isLeaving(w) && !endsOutgoing(w)) return undefined;
  const deadline = deadlineOf(w) ?? w.now;
  const left = isLeaving(w) ? allLeft(w) : outgoingLeft(w);
  const who = left.join(", ") || "the other services";
  return w.now >= deadline
    ? fails("UnpeerOverdue", `${who} should have ended by ${at(deadline)}`)
    : waits("Unpeering", `waits for ${who}, until ${at(deadline)} at the longest`);
};

const unreachable: Check = (w) => {
  if (w.health?.verdict !== "Down") return undefined;
  const { reason, message } = reachable(w); // which has told of it already
  return { status: "False", reason, message };
};

const ourIdentity: Check = (w) => {
  const identity = w.heard.identity.outgoing;
  switch (identity?.state) {
    case "GRANTED":
      return undefined;
    case "DENIED":
    case "REVOKED":
      return fails(wordOr(identity.reason, "Denied"), identity.message || "the peer grants no identity");
    default:
      return unreachable(w) ?? waits("Authenticating", "auth has no identity of the peer yet");
  }
};

const theirOffer: Check = ({ heard: { offer } }) => {
  const o = offer.outgoing;
  switch (o?.state) {
    case "ACCEPTED":
      return undefined;
    case "REFUSED":
      return fails("Refused", `the peer refuses${byRule(o)}${because(o)}`);
    case "PENDING":
      return {
        status: "False",
        reason: "ApprovalPending",
        message: `a person of the peer has to decide${byRule(o)}${because(o)}`,
      };
    default:
      return waits("Negotiating", "the peer has not answered our request yet");
  }
};

const ourNode: Check = ({ heard: { node }, cluster }) => {
  const name = node?.nodeName || cluster.metadata.name;
  switch (node?.state) {
    case "READY":
      return undefined;
    case "NOT_READY":
      return fails("NodeNotReady", `node ${name} is not ready${node.reason ? `: ${node.reason}` : ""}`);
    case "DRAINING":
      return { status: "False", reason: "NodeDraining", message: `the pods of node ${name} are leaving` };
    default:
      return waits("Virtualising", `virtual-kubelet has not made node ${name} yet`);
  }
};

const ourReplication: Check = ({ heard: { replication } }) => {
  switch (replication?.state) {
    case "CONNECTED":
    case "IDLE":
      return undefined;
    case "DISCONNECTED":
      return fails("ReplicationDisconnected", replication.message || "resources are not exchanged");
    default:
      return waits("Connecting", "the replicator is not connected yet");
  }
};

const peered: Check = ({ heard, cluster }) => ({
  status: "True",
  reason: "NodeReady",
  message: `node ${heard.node?.nodeName || cluster.metadata.name} is ready`,
});

/** What must hold for our use of the peer, in the order in which it comes about. */
const OUTGOING: readonly Check[] = [ourIdentity, theirOffer, ourNode, ourReplication, peered];

const theirIdentity: Check = ({ heard: { identity } }) => {
  const i = identity.incoming;
  if (!i || i.state === "GONE")
    return { status: "False", reason: "NotPeered", message: "nothing is wanted in either direction" };
  return i.state === "GRANTED"
    ? undefined
    : fails(wordOr(i.reason, "Revoked"), i.message || "the peer's identity here is withdrawn");
};

const ourOffer: Check = ({ heard: { offer }, cluster }) => {
  const o = offer.incoming;
  switch (o?.state) {
    case "ACCEPTED":
    case "OFFERED":
      return {
        status: "True",
        reason: "Providing",
        message: `${cluster.metadata.name} may use ${amounts(o)}`,
      };
    case "REFUSED":
      return fails("Refused", `this cluster refuses${byRule(o)}${because(o)}`);
    case "PENDING":
      return {
        status: "False",
        reason: "ApprovalPending",
        message: `the request waits for a person${byRule(o)}${because(o)}`,
      };
    default:
      return waits("Negotiating", "the peer's request is not answered yet");
  }
};

/** What must hold for the peer's use of this cluster. */
const INCOMING: readonly Check[] = [theirIdentity, ourOffer];

const ALWAYS: readonly Check[] = [ownCluster, secondOfItsID, takenDown];

const first = (checks: readonly Check[], w: World): Line | undefined => {
  for (const check of checks) {
    const line = check(w);
    if (line) return line;
  }
  return undefined;
};

/** As bad as the worse direction, and where both are there telling both. */
const bothWays = (outgoing: Line, incoming: Line): Line => ({
  ...(outgoing.status === "True" ? (incoming.status === "True" ? outgoing : incoming) : outgoing),
  message: `outgoing: ${outgoing.message}; incoming: ${incoming.message}`,
});

export const ready = (w: World): Line => {
  const always = first(ALWAYS, w);
  if (always) return always;
  const outgoing = wantsOutgoing(w) ? first(OUTGOING, w) : undefined;
  const incoming = !outgoing || incomingLeft(w).length > 0 ? first(INCOMING, w) : undefined;
  if (outgoing && incoming) return bothWays(outgoing, incoming);
  const line = outgoing ?? incoming;
  if (!line) throw new Error("the last check of each list always says something");
  return line;
};

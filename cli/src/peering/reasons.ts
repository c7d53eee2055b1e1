/**
 * Reasons that the conditions of a ForeignCluster give when they are not True, and what a person does about them.
 * `hopeless`: only a person can change it, so `tideway peer --wait` stops at once. docs/guides/troubleshooting.md
 * has a line for each; a test holds the two together.
 */
interface Advice {
  hopeless?: true;
  next: string;
}

const NEW_INVITATION =
  "ask the peer's owner for a new invitation (tideway invite) and run tideway peer with it";

export const REASONS: Readonly<Record<string, Advice>> = {
  // Reachable, Ready (discovery)
  Unreachable: {
    next: "check address, port and firewall of the peer's auth service; it is tried again by itself",
  },
  WrongKey: {
    hopeless: true,
    next: `another key answers at that address than the invitation pins; if the peer was installed anew, ${NEW_INVITATION}, else suspect the network`,
  },
  ClusterIDChanged: {
    hopeless: true,
    next: `another cluster answers at that address; if the peer was installed anew, unpeer it and ${NEW_INVITATION}`,
  },
  SelfPeering: {
    hopeless: true,
    next: "the invitation is this cluster's own: run tideway peer against the other cluster",
  },
  ClockSkewed: { next: "set the clocks of both clusters (NTP); identities are not taken from further apart" },
  DuplicateClusterID: { hopeless: true, next: "delete one of the two ForeignClusters; the older one counts" },
  UnpeerOverdue: { next: "the message names who has not ended; see that service's log" },
  // Authenticated (auth)
  UnknownToken: { hopeless: true, next: NEW_INVITATION },
  TokenExpired: { hopeless: true, next: NEW_INVITATION },
  TokenUsed: { hopeless: true, next: NEW_INVITATION },
  Unanswered: {
    next: "the peer has not answered with an identity; it is asked again by itself until the invitation expires",
  },
  TokenMissing: { next: `the Secret with the token is gone: ${NEW_INVITATION}` },
  ClusterKeyMismatch: {
    hopeless: true,
    next: "the peer knows this cluster with another key; its owner deletes the old Tenant and ForeignCluster there, then try again",
  },
  IncomingRefused: {
    hopeless: true,
    next: "the peer's owner sets incomingPeering of our ForeignCluster there to Auto",
  },
  Revoked: {
    next: "the provider's owner withdrew the identity (incomingPeering: No); ask them, or unpeer",
  },
  VersionIncompatible: {
    hopeless: true,
    next: "upgrade Tideway on the side that the message names; clusters one minor version apart work",
  },
  NamespaceTaken: {
    hopeless: true,
    next: "a namespace with the tenant's name exists at the peer and is not Tideway's; its owner removes it",
  },
  InvalidRequest: {
    hopeless: true,
    next: "the peer does not understand the request: compare the versions of both sides with tideway version",
  },
  InvalidCsr: {
    hopeless: true,
    next: "the peer does not understand the request: compare the versions of both sides with tideway version",
  },
  RateLimited: { next: "too many failed attempts from this address; it is tried again by itself" },
  TenantUnknown: {
    next: `the peer has forgotten this cluster, and is asked for a new identity; where that fails, ${NEW_INVITATION}`,
  },
  TenantLeaving: { next: "the peer still takes the last peering down; it is tried again by itself" },
  IdentityInvalid: {
    next: "the certificate opens nothing there any more, and a new one is asked for; compare the clocks of both clusters",
  },
  IdentityExpired: {
    next: "the peer was away longer than the certificate lives; it is renewed when it answers",
  },
  RenewalFailing: {
    next: "the identity still works; make the peer's auth service reachable before it expires",
  },
  TenantRevoked: {
    next: "this cluster does not let the peer in: set incomingPeering of its ForeignCluster to Auto",
  },
  TenantIdentityExpired: {
    next: "the peer has not renewed its identity; it is removed here when it does not come back",
  },
  // Negotiated (negotiator)
  ApprovalPending: {
    next: "the provider's owner answers there: kubectl annotate resourcerequest request -n tideway-tenant-<consumer> sharing.tideway.dev/approve=yes",
  },
  RefusedByRule: { hopeless: true, next: "a rule of the provider's SharingPolicy refuses; ask its owner" },
  NotApproved: { hopeless: true, next: "the provider's owner said no; ask them" },
  NoCapacity: {
    next: "the provider has nothing free beyond its reserve; it is looked at again when that changes",
  },
  IncomingPeeringOff: {
    hopeless: true,
    next: "the provider's owner sets incomingPeering of our ForeignCluster there to Auto",
  },
  InvalidPolicy: {
    next: "the provider's SharingPolicy has a mistake, named in the message; its owner corrects it",
  },
  // Replicated (replicator)
  Disconnected: {
    next: "check that the provider's API server (its apiServer) can be reached from this cluster",
  },
  NotSynced: { next: "the provider refuses to let something be read: compare the versions of both sides" },
  NameTaken: {
    next: "delete or rename the object that the message names; the replicator touches only its own copies",
  },
  Behind: { next: "objects wait longer than usual; the message has the last error" },
  IdentityRefused: {
    next: "the provider's API server does not accept our certificate; see the condition Authenticated",
  },
  // Virtualised (virtual-kubelet)
  ProviderUnreachable: {
    next: "check that the provider's API server can be reached; pods there go on running",
  },
  ProviderNotReady: { next: "the provider's API server answers that it is not ready; its owner looks there" },
  IdentityRejected: {
    next: "the provider's API server does not accept our certificate; see the condition Authenticated",
  },
  IdentityRevoked: { next: "the provider withdrew the identity; see the condition Authenticated" },
  NotConnected: { next: "the virtual-kubelet is not connected yet; see its log when this stays" },
  OfferWithdrawn: {
    next: "the provider took its offer back and the node is drained; see the condition Negotiated",
  },
  // Connected (network-manager; of the tunnel itself, gateway)
  Exchanging: {
    next: "the peer's network-manager has not answered; see whether it runs there, and the condition Replicated",
  },
  Allocating: { next: "see kubectl get addresspool default, and the log of network-manager" },
  KeysDiffer: {
    next: "keys are being exchanged; when it stays, see the log of network-manager on both sides",
  },
  NoGateway: {
    next: "see whether a gateway runs: kubectl -n tideway-network get pods -l app.kubernetes.io/name=gateway",
  },
  NoHandshake: {
    next: "open the UDP port that the message names, on the peer's side or on this one (one is enough)",
  },
  InterfaceFailed: {
    next: "the gateway cannot set up the tunnel's interface: kubectl -n tideway-network logs deploy/gateway; does its node have /dev/net/tun?",
  },
  NoAnswer: {
    next: "pods there go on running; see whether the peer's gateway runs and the UDP port is open still",
  },
  NoAnswerYet: {
    next: "the tunnel stands but its probe is not answered; see the gateway's log on both sides",
  },
  WaitingForPeerView: {
    next: "the peer's network-manager has not answered; see whether it runs there, and the condition Replicated",
  },
  PoolExhausted: { hopeless: true, next: "add a prefix to spec.prefixes of the AddressPool default" },
  NetworkTooLarge: {
    hopeless: true,
    next: "the peer announces more than a cluster can have; its owner sets its CIDRs, see its network-manager",
  },
  SpecialNetwork: {
    hopeless: true,
    next: "the peer announces addresses that are nobody's; its owner sets its CIDRs, see its network-manager",
  },
  InvalidNetwork: { hopeless: true, next: "the peer announces no network; its owner sets its CIDRs" },
  NetworksOverlap: {
    hopeless: true,
    next: "the peer's own networks overlap; its owner gives another prefix in its AddressPool",
  },
  FamilyMismatch: {
    hopeless: true,
    next: "one side has IPv4 pods and the other IPv6; they cannot be connected",
  },
  WrongMTU: { hopeless: true, next: "the peer's owner sets the MTU of its network-manager" },
  InvalidKey: {
    hopeless: true,
    next: "the peer announces a key that is none; its owner restarts its network-manager",
  },
  InvalidEndpoint: {
    hopeless: true,
    next: "the peer announces an address that is not its own; its owner looks at the exposure of its gateway",
  },
  WrongMapping: {
    next: "the peer sees this cluster at addresses that do not fit; its network-manager is asked again by itself",
  },
  NotFromThisPeer: {
    hopeless: true,
    next: "somebody else wrote the peer's NetworkConfig in its tenant namespace; delete it there",
  },
  NotThisPeer: { hopeless: true, next: "the peer speaks for another cluster: suspect it, and unpeer" },
  // Ready of a NamespaceOffloading (virtual-kubelet)
  NoVirtualNode: { next: "peer with a cluster first, or correct the selector; see tideway status" },
  TwinsNotReady: {
    next: "the provider has not made the namespace; see the message, and its virtual-kubelet's log",
  },
};

export const hintFor = (reason: string): string | undefined => REASONS[reason]?.next;

export const isHopeless = (reason: string): boolean => REASONS[reason]?.hopeless ?? false;

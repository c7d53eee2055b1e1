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
  DuplicateClusterID: { hopeless: true, next: "delete one of the two ForeignClusters; the older one counts" },
  UnpeerOverdue: { next: "the message names who has not ended; see that service's log" },
  // Authenticated (auth)
  UnknownToken: { hopeless: true, next: NEW_INVITATION },
  TokenExpired: { hopeless: true, next: NEW_INVITATION },
  TokenUsed: { hopeless: true, next: NEW_INVITATION },
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
  // Ready of a NamespaceOffloading (virtual-kubelet)
  NoVirtualNode: { next: "peer with a cluster first, or correct the selector; see tideway status" },
  TwinsNotReady: {
    next: "the provider has not made the namespace; see the message, and its virtual-kubelet's log",
  },
};

export const hintFor = (reason: string): string | undefined => REASONS[reason]?.next;

export const isHopeless = (reason: string): boolean => REASONS[reason]?.hopeless ?? false;

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
  // Authenticated (auth)
  UnknownToken: { hopeless: true, next: NEW_INVITATION },
  TokenExpired: { hopeless: true, next: NEW_INVITATION },
  TokenUsed: { hopeless: true, next: NEW_INVITATION },
  TokenMissing: { next: `the Secret with the token is gone: ${NEW_INVITATION}` },
  SelfPeering: {
    hopeless: true,
    next: "the invitation is this cluster's own: run tideway peer against the other cluster",
  },
  WrongKey: {
    hopeless: true,
    next: `another key answers at that address than the invitation pins; if the peer was installed anew, ${NEW_INVITATION}, else suspect the network`,
  },
  ClusterKeyMismatch: {
    hopeless: true,
    next: "the peer knows this cluster with another key; its owner deletes the old Tenant and ForeignCluster there, then try again",
  },
  IncomingRefused: {
    hopeless: true,
    next: "the peer's owner sets incomingPeering of our ForeignCluster there to Auto",
  },
  Revoked: { next: "the peer's owner withdrew the identity; ask them, or unpeer" },
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
  RateLimited: { next: "too many failed attempts from this address; it is tried again within minutes" },
  TenantUnknown: {
    next: "the peer has forgotten this cluster, or still takes the last peering down; it is tried again",
  },
  IdentityInvalid: {
    next: "the certificate no longer opens anything there; a new one is asked for. Do the clocks agree?",
  },
  IdentityExpired: {
    next: "the peer was away longer than the certificate's life; it is renewed when it answers",
  },
  RenewalFailing: {
    next: "the identity still works; make the peer's auth service reachable before it expires",
  },
  Unreachable: {
    next: "check address, port and firewall of the peer's auth service; it is tried again by itself",
  },
  // Negotiated (negotiator)
  ApprovalPending: {
    next: "the provider's owner answers there: kubectl annotate resourcerequest request -n tideway-tenant-<name of the consumer> sharing.tideway.dev/approve=yes",
  },
  RefusedByRule: { hopeless: true, next: "a rule of the provider's SharingPolicy refuses; ask its owner" },
  NotApproved: { hopeless: true, next: "the provider's owner said no; ask them" },
  IncomingPeeringOff: {
    hopeless: true,
    next: "the provider's owner sets incomingPeering of our ForeignCluster there to Auto",
  },
  InvalidPolicy: {
    next: "the provider's SharingPolicy has a mistake, named in the message; its owner corrects it",
  },
};

export const hintFor = (reason: string): string | undefined => REASONS[reason]?.next;

export const isHopeless = (reason: string): boolean => REASONS[reason]?.hopeless ?? false;

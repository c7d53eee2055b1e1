import type { ServiceName } from "./deploy.ts";

/** The API group that a service owns; the replicator's registry is configuration, and admission owns nothing. */
export const OWN_GROUP: Partial<Record<ServiceName, string>> = {
  discovery: "discovery.tideway.dev",
  auth: "authentication.tideway.dev",
  negotiator: "sharing.tideway.dev",
  "virtual-kubelet": "offloading.tideway.dev",
  "network-manager": "networking.tideway.dev",
  "storage-fabric": "storage.tideway.dev",
};

/** What every service may write: its condition of a ForeignCluster, events, and leases in a namespace. */
export const COMMON = [
  "foreignclusters/status.discovery.tideway.dev",
  "events",
  "leases.coordination.k8s.io",
];

export interface Exception {
  /** `<resource>[/<subresource>][.<group>]`, the kind of what is written. */
  what: string;
  /** Where the rule names its objects: all of them. */
  names?: string[];
  verbs: string[];
  why: string;
}

/** The only roles with wildcards: bound in single namespaces, never everywhere. */
export const WILDCARDS: Record<string, { verbs: string[]; why: string }> = {
  "tideway-namespace-end": {
    verbs: ["list", "deletecollection"],
    why: "a namespace is empty when nothing of any kind is in it, also of kinds that Tideway does not know",
  },
};

/** Everything else that a service may write, and why. Whoever adds a permission says it here. */
export const EXCEPTIONS: Record<ServiceName, Exception[]> = {
  discovery: [],
  auth: [
    {
      what: "foreignclusters.discovery.tideway.dev",
      verbs: ["create", "patch", "delete"],
      why: "the provider learns of a consumer when it authenticates: its ForeignCluster comes and goes with the tenant",
    },
    {
      what: "namespaces",
      verbs: ["create", "delete"],
      why: "tenant namespaces; a ValidatingAdmissionPolicy narrows it to their prefix",
    },
    {
      what: "namespaces/finalize",
      verbs: ["update"],
      why: "ends a tenant namespace known to be empty at once",
    },
    {
      what: "rolebindings.rbac.authorization.k8s.io",
      names: ["tideway-peer", "tideway-identity-reader", "tideway-namespace-end"],
      verbs: ["create", "patch", "delete"],
      why: "what a peer, and our services in its name, may do in a tenant namespace",
    },
    {
      what: "clusterroles.rbac.authorization.k8s.io",
      names: ["tideway-peer", "tideway-identity-reader", "tideway-namespace-end"],
      verbs: ["bind"],
      why: "it can give these roles away, and no other; an admission policy narrows it to tenant namespaces",
    },
    {
      what: "secrets",
      names: ["tideway-identity"],
      verbs: ["create", "patch", "delete"],
      why: "this cluster's identity at a peer",
    },
    { what: "secrets", verbs: ["create"], why: "auth-tls, in tideway-system: create cannot name its object" },
    {
      what: "certificatesigningrequests.certificates.k8s.io",
      verbs: ["create", "delete"],
      why: "a peer's certificate; an admission policy narrows it to one signer",
    },
    {
      what: "certificatesigningrequests/approval.certificates.k8s.io",
      verbs: ["update"],
      why: "approves what it made itself",
    },
    {
      what: "signers.certificates.k8s.io",
      names: ["kubernetes.io/kube-apiserver-client"],
      verbs: ["approve"],
      why: "the one signer of client certificates",
    },
  ],
  negotiator: [],
  replicator: [
    {
      what: "resourcerequests.sharing.tideway.dev",
      verbs: ["patch"],
      why: "the finalizer that holds an origin until its copy is gone",
    },
    {
      what: "resourcerequests/status.sharing.tideway.dev",
      verbs: ["patch"],
      why: "the status that the copy got",
    },
    { what: "namespacemaps.offloading.tideway.dev", verbs: ["patch"], why: "the finalizer, as above" },
    { what: "namespacemaps/status.offloading.tideway.dev", verbs: ["patch"], why: "the status, as above" },
    {
      what: "resourceoffers.sharing.tideway.dev",
      verbs: ["create", "patch", "delete"],
      why: "the copies of a provider's offers",
    },
    {
      what: "resourceoffers/status.sharing.tideway.dev",
      verbs: ["patch"],
      why: "their status",
    },
    {
      what: "networkconfigs.networking.tideway.dev",
      verbs: ["create", "patch", "delete"],
      why: "the copies of peers' network parameters, and the finalizer on our own",
    },
  ],
  "virtual-kubelet": [
    { what: "nodes", verbs: ["create", "patch", "delete"], why: "virtual nodes" },
    { what: "nodes/status", verbs: ["patch"], why: "virtual nodes" },
    {
      what: "pods",
      verbs: ["create", "patch", "delete"],
      why: "the provider's real pods; on the consumer a kubelet's part in the end of a pod",
    },
    {
      what: "pods/eviction",
      verbs: ["create"],
      why: "pods leave a virtual node whose offer is taken back, as far as disruption budgets let them",
    },
    { what: "pods/status", verbs: ["patch"], why: "a kubelet's job" },
    {
      what: "namespaces",
      verbs: ["create", "patch", "delete"],
      why: "twins on the provider; on the consumer the label of offloaded namespaces",
    },
    {
      what: "networkpolicies.networking.k8s.io",
      verbs: ["create"],
      why: "default deny in a twin: create cannot name its object",
    },
    {
      what: "networkpolicies.networking.k8s.io",
      names: ["tideway-default-deny"],
      verbs: ["patch"],
      why: "default deny in a twin",
    },
    { what: "serviceaccounts", verbs: ["create"], why: "the tokenless account of a twin" },
    { what: "serviceaccounts", names: ["default"], verbs: ["patch"], why: "the tokenless account of a twin" },
    {
      what: "rolebindings.rbac.authorization.k8s.io",
      verbs: ["create"],
      why: "of the two roles that it may bind",
    },
    {
      what: "rolebindings.rbac.authorization.k8s.io",
      names: ["tideway-peer-workload"],
      verbs: ["patch", "delete"],
      why: "what a peer may do in a twin",
    },
    {
      what: "rolebindings.rbac.authorization.k8s.io",
      names: ["tideway-virtual-kubelet-reflect"],
      verbs: ["delete"],
      why: "reading what pods refer to, in an offloaded namespace",
    },
    {
      what: "rolebindings.rbac.authorization.k8s.io",
      names: ["tideway-namespace-end"],
      verbs: ["patch"],
      why: "to look into a twin that it ends",
    },
    {
      what: "endpointslices.discovery.k8s.io",
      verbs: ["create", "update", "delete"],
      why: "endpoints of the other side, at the addresses at which they are reached here",
    },
    {
      what: "persistentvolumeclaims",
      verbs: ["create", "patch", "delete"],
      why: "the provider's real claims, in twins",
    },
    {
      what: "persistentvolumes",
      verbs: ["patch"],
      why: "whose data a volume holds, and that it outlives its claim",
    },
    { what: "namespaces/finalize", verbs: ["update"], why: "ends a twin known to be empty at once" },
    {
      what: "clusterroles.rbac.authorization.k8s.io",
      names: ["tideway-peer-workload", "tideway-namespace-end"],
      verbs: ["bind"],
      why: "it can give these roles away; an admission policy narrows the second to twins",
    },
    {
      what: "clusterroles.rbac.authorization.k8s.io",
      names: ["tideway-virtual-kubelet-reflect"],
      verbs: ["bind"],
      why: "it can give this role away, to itself: in offloaded namespaces, tokens and the status of Ingresses",
    },
    {
      what: "tokenreviews.authentication.k8s.io",
      verbs: ["create"],
      why: "who asks at the kubelet port; a review stores nothing",
    },
    {
      what: "subjectaccessreviews.authorization.k8s.io",
      verbs: ["create"],
      why: "whether they may; a review stores nothing",
    },
  ],
  admission: [
    {
      what: "mutatingwebhookconfigurations.admissionregistration.k8s.io",
      names: ["tideway-admission"],
      verbs: ["patch"],
      why: "which certificate the API server trusts",
    },
    {
      what: "validatingwebhookconfigurations.admissionregistration.k8s.io",
      names: ["tideway-admission"],
      verbs: ["patch"],
      why: "which certificate the API server trusts",
    },
    {
      what: "secrets",
      names: ["admission-tls"],
      verbs: ["update"],
      why: "its certificate, shared by the replicas",
    },
    { what: "secrets", verbs: ["create"], why: "admission-tls: create cannot name its object" },
  ],
  "network-manager": [
    {
      what: "secrets",
      verbs: ["create", "update", "delete"],
      why: "the tunnels' keys in tideway-network; in tideway-system it creates ipam-tls, and create cannot name its object",
    },
    {
      what: "services",
      verbs: ["create", "patch", "delete"],
      why: "a tunnel's UDP port, in tideway-network",
    },
    {
      what: "endpointslices.discovery.k8s.io",
      verbs: ["delete"],
      why: "of the Services that it takes away, in tideway-network",
    },
    {
      what: "configmaps",
      names: ["ipam-ca"],
      verbs: ["patch"],
      why: "the authority that IPAM's callers trust",
    },
    { what: "configmaps", verbs: ["create"], why: "ipam-ca: create cannot name its object" },
    {
      what: "tokenreviews.authentication.k8s.io",
      verbs: ["create"],
      why: "who calls IPAM; a review stores nothing",
    },
  ],
  gateway: [
    {
      what: "endpointslices.discovery.k8s.io",
      verbs: ["create", "patch", "delete"],
      why: "where a tunnel's UDP port leads: to the gateway that carries it, in tideway-network",
    },
  ],
  "route-agent": [],
  "storage-fabric": [
    {
      what: "persistentvolumeclaims",
      verbs: ["patch"],
      why: "a provisioner's job: its finalizer on a claim of its class, and the node that the scheduler is to choose anew",
    },
    {
      what: "persistentvolumeclaims/status",
      verbs: ["patch"],
      why: "what a claim of its class waits for, and what its volume holds",
    },
    {
      what: "persistentvolumeclaims",
      verbs: ["create", "delete"],
      why: "the second claims, in tideway-storage alone",
    },
    {
      what: "persistentvolumes",
      verbs: ["create", "patch", "delete"],
      why: "a provisioner's job: volumes at peers, and the volumes of second claims, which become the first ones'",
    },
    {
      what: "rolebindings.rbac.authorization.k8s.io",
      verbs: ["create"],
      why: "of the one role that it may bind: create cannot name its object",
    },
    {
      what: "clusterroles.rbac.authorization.k8s.io",
      names: ["tideway-volume-mover"],
      verbs: ["bind"],
      why: "its right to the pods and claims of a namespace in which it moves a volume, as long as the move lasts",
    },
  ],
  "mdns-agent": [],
};

/** What a component of deploy/components adds to the rights of auth. */
export const TOKEN_IDENTITY: Exception[] = [
  {
    what: "serviceaccounts",
    verbs: ["create", "delete"],
    why: "the account of a peer where the API server signs no client certificates; a ValidatingAdmissionPolicy narrows it to peers' accounts in their namespaces",
  },
  {
    what: "serviceaccounts/token",
    verbs: ["create"],
    why: "its tokens of an hour; narrowed by the same policy",
  },
];

import { ORIGIN, PEER, REACHES_PEERS, tenantNamespace } from "@tideway/api";
import type { Namespace, NetworkPolicy, RoleBinding, ServiceAccount } from "@tideway/k8s";
import { accountOf, userOf } from "@tideway/pki";
import { SOURCE_NAMESPACE, WORKLOAD_ROLE } from "../labels.ts";
import type { PodSecurityLevel } from "../ports.ts";

export interface Twin {
  /** Cluster ID of the consumer. */
  origin: string;
  peer: string;
  source: string;
  name: string;
  /** Prefixes in which this cluster sees the consumer's pods and external addresses; undefined: not known now. */
  open?: readonly string[] | undefined;
}

const POD_SECURITY = "pod-security.kubernetes.io";

const labelsOf = (t: Twin): Record<string, string> => ({
  "app.kubernetes.io/managed-by": "tideway",
  [ORIGIN]: t.origin,
  [PEER]: t.peer,
  [SOURCE_NAMESPACE]: t.source,
});

/** Label of a namespace: the level that the API server enforces in it. */
export const ENFORCED = `${POD_SECURITY}/enforce`;

/** No warnings: they would go to a service that reads none, on every pod. */
export const namespaceOf = (t: Twin, level: PodSecurityLevel): Namespace => ({
  metadata: {
    name: t.name,
    labels: {
      ...labelsOf(t),
      [ENFORCED]: level,
      [`${POD_SECURITY}/enforce-version`]: "latest",
      [`${POD_SECURITY}/warn`]: "privileged",
    },
  },
});

export const DEFAULT_DENY = "tideway-default-deny";
export const WORKLOAD_BINDING = "tideway-peer-workload";

/** Where the nodes, the pods and the owner's own machines live; and the metadata service of clouds. */
const INTERNAL_V4 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"];
const INTERNAL_V6 = ["fc00::/7", "fe80::/10"];
const DNS = [
  { protocol: "UDP", port: 53 },
  { protocol: "TCP", port: 53 },
];

/** Annotation of the policy: the prefixes it opens, separated by commas. */
export const OPEN = "offloading.tideway.dev/open";
const openOf = (prefixes: readonly string[] | undefined): string | undefined => prefixes?.join(",");

/** Annotation of the policy: what it says apart from that. Raised with each change, so that twins of before get it too. */
export const EDITION = "offloading.tideway.dev/edition";
const THIS_EDITION = "2";

export interface PolicyMetadata {
  annotations?: Readonly<Record<string, string>>;
}
/** Whether the policy is as {@link networkPolicyOf} makes it now; `open` undefined: whatever prefixes it opens. */
export const isCurrent = (p: PolicyMetadata, open: readonly string[] | undefined): boolean =>
  p.annotations?.[EDITION] === THIS_EDITION && (open === undefined || p.annotations[OPEN] === openOf(open));

/**
 * In: only the pods of this namespace, and of those that the owner lets in by a label (an Ingress controller). Out: they,
 * DNS, and the public internet; nothing private of the owner's. Both ways: the consumer's own pods and addresses, once the network knows where they are seen; who of them
 * reaches whom is the gateways' to say. What the two clusters agree on beyond that is added by policies of their own.
 */
export const networkPolicyOf = (t: Twin): NetworkPolicy => {
  const letIn = { matchLabels: { [REACHES_PEERS]: "true" } };
  const home = (t.open ?? []).map((cidr) => ({ ipBlock: { cidr } }));
  const spec = {
    podSelector: {},
    policyTypes: ["Ingress", "Egress"],
    ingress: [{ from: [{ podSelector: {} }, ...home, { namespaceSelector: letIn }] }],
    egress: [
      { to: [{ podSelector: {} }, ...home] },
      { to: [{ namespaceSelector: {} }], ports: DNS },
      {
        to: [
          { ipBlock: { cidr: "0.0.0.0/0", except: INTERNAL_V4 } },
          { ipBlock: { cidr: "::/0", except: INTERNAL_V6 } },
        ],
      },
    ],
  };
  // client-node's types call `from` `_from`; the wire does not
  const metadata = {
    name: DEFAULT_DENY,
    namespace: t.name,
    labels: labelsOf(t),
    annotations: { [OPEN]: openOf(t.open) ?? "", [EDITION]: THIS_EDITION },
  };
  return { metadata, spec: spec as object };
};

export const roleBindingOf = (t: Twin): RoleBinding => ({
  metadata: { name: WORKLOAD_BINDING, namespace: t.name, labels: labelsOf(t) },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: WORKLOAD_ROLE },
  // as auth binds it: by certificate, or by the account of its tokens
  subjects: [
    { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: userOf(t.origin) },
    { kind: "ServiceAccount", name: accountOf(t.origin), namespace: tenantNamespace(t.peer) },
  ],
});

/**
 * Every pod runs as `default`. Made here and not left to the controller manager, because the first pod often
 * arrives before that gets to it, and without token, because nothing of a peer talks to this API server.
 */
export const serviceAccountOf = (t: Twin): ServiceAccount => ({
  metadata: { name: "default", namespace: t.name, labels: labelsOf(t) },
  automountServiceAccountToken: false,
});

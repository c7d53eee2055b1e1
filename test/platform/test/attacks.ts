/** What a peer may try at this cluster's API server, as a table: who, what, and how it has to be answered. */
import { type Ask, EAST, NORTH } from "./hostile-world.ts";

export type Who = "east" | "forger" | "nobody";
export interface Attack {
  what: string;
  as?: Who;
  ask: Ask;
  /** HTTP status; by default 403. */
  want?: number;
}

const group = (name: string): string => `/apis/${name}.tideway.dev/v1alpha1`;
const [AUTHENTICATION, DISCOVERY, SHARING, OFFLOADING, NETWORKING] = [
  "authentication",
  "discovery",
  "sharing",
  "offloading",
  "networking",
].map(group) as [string, string, string, string, string];
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const CERTIFICATES = "/apis/certificates.k8s.io/v1";
const ADMISSION = "/apis/admissionregistration.k8s.io/v1";
const FLOW = "/apis/flowcontrol.apiserver.k8s.io/v1";

type Row = [what: string, method: Ask["method"], path: string, body?: Ask["body"], want?: number];
const rows = (list: Row[]): Attack[] =>
  list.map(([what, method, path, body, want]) => ({
    what,
    ask: { method, path, ...(body === undefined ? {} : { body }) },
    ...(want ? { want } : {}),
  }));

const NODES: Ask = { method: "GET", path: "/api/v1/nodes" };
const OWN: Ask = { method: "GET", path: `${SHARING}/namespaces/:tenant/resourcerequests` };
const withHeaders = (ask: Ask, headers: Record<string, string>): Ask => ({ ...ask, headers });
const jwt = (header: object, claims: object): string =>
  [header, claims].map((p) => Buffer.from(JSON.stringify(p)).toString("base64url")).join(".");
const ADMIN_TOKEN = `${jwt({ alg: "none" }, { sub: "system:serviceaccount:tideway-system:auth" })}.`;

export const identities: Attack[] = [
  { what: "shows a certificate of an authority of its own", as: "forger", ask: OWN, want: 401 },
  { what: "shows nothing", as: "nobody", ask: OWN },
  {
    what: "shows a token that is none",
    as: "nobody",
    ask: withHeaders(OWN, { authorization: "Bearer x" }),
    want: 401,
  },
  {
    what: "signs itself a token of auth's account",
    as: "nobody",
    ask: withHeaders(OWN, { authorization: `Bearer ${ADMIN_TOKEN}` }),
    want: 401,
  },
  ...(
    [
      ["an administrator", { "impersonate-user": "admin", "impersonate-group": "system:masters" }],
      ["another peer", { "impersonate-user": `tideway:${NORTH}`, "impersonate-group": "tideway:peers" }],
      [
        "itself, in a group of its choice",
        { "impersonate-user": `tideway:${EAST}`, "impersonate-group": "x" },
      ],
      ["the service auth", { "impersonate-user": "system:serviceaccount:tideway-system:auth" }],
      ["a node", { "impersonate-user": "system:node:n", "impersonate-group": "system:nodes" }],
    ] as const
  ).map(([who, headers]): Attack => ({ what: `says it acts for ${who}`, ask: withHeaders(OWN, headers) })),
  {
    what: "speaks as if the front proxy had let it in as an administrator",
    ask: withHeaders(NODES, { "x-remote-user": "admin", "x-remote-group": "system:masters" }),
  },
];

const csr = {
  metadata: { name: "hostile" },
  spec: { request: "eA==", signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
};
export const certificates = rows([
  ["asks the API server itself for a certificate", "POST", `${CERTIFICATES}/certificatesigningrequests`, csr],
  [
    "asks for a certificate of a node",
    "POST",
    `${CERTIFICATES}/certificatesigningrequests`,
    { ...csr, spec: { ...csr.spec, signerName: "kubernetes.io/kubelet-serving" } },
  ],
  ["reads what others ask for", "GET", `${CERTIFICATES}/certificatesigningrequests`],
  [
    "approves a request",
    "PATCH",
    `${CERTIFICATES}/certificatesigningrequests/x/approval`,
    { status: { conditions: [{ type: "Approved", status: "True" }] } },
  ],
  [
    "signs a request",
    "PATCH",
    `${CERTIFICATES}/certificatesigningrequests/x/status`,
    { status: { certificate: "eA==" } },
  ],
  ["takes a request of others away", "DELETE", `${CERTIFICATES}/certificatesigningrequests/x`],
  [
    "asks for a token of auth's account",
    "POST",
    "/api/v1/namespaces/:system/serviceaccounts/auth/token",
    { spec: {} },
  ],
  [
    "has tokens of others looked at",
    "POST",
    "/apis/authentication.k8s.io/v1/tokenreviews",
    { spec: { token: "x" } },
  ],
  [
    "asks what others may",
    "POST",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    { spec: { user: "admin", resourceAttributes: { verb: "get", resource: "secrets" } } },
  ],
]);

const everything = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
const admin = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
const me = [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: `tideway:${EAST}` }];
export const rights = rows([
  [
    "makes a role that may all",
    "POST",
    `${RBAC}/clusterroles`,
    { metadata: { name: "h" }, rules: [everything] },
  ],
  ["widens the role of all peers", "PATCH", `${RBAC}/clusterroles/tideway-peer`, { rules: [everything] }],
  [
    "widens the role of all workloads",
    "PATCH",
    `${RBAC}/clusterroles/tideway-peer-workload`,
    { rules: [everything] },
  ],
  [
    "makes itself an administrator",
    "POST",
    `${RBAC}/clusterrolebindings`,
    { metadata: { name: "h" }, roleRef: admin, subjects: me },
  ],
  [
    "makes itself an administrator of its tenant namespace",
    "POST",
    `${RBAC}/namespaces/:tenant/rolebindings`,
    { metadata: { name: "h" }, roleRef: admin, subjects: me },
  ],
  [
    "has its binding name another role",
    "PATCH",
    `${RBAC}/namespaces/:tenant/rolebindings/tideway-peer`,
    { roleRef: admin },
  ],
  [
    "puts itself into another tenant's binding",
    "PATCH",
    `${RBAC}/namespaces/:other-tenant/rolebindings/tideway-peer`,
    { subjects: me },
  ],
  ["reads who may what", "GET", `${RBAC}/rolebindings`],
  [
    "puts itself in the way of every request",
    "POST",
    `${ADMISSION}/mutatingwebhookconfigurations`,
    { metadata: { name: "h" } },
  ],
  [
    "takes the policy of peers away",
    "DELETE",
    `${ADMISSION}/validatingadmissionpolicies/tideway-peer-objects`,
  ],
  [
    "has the policy of peers only warn",
    "PATCH",
    `${ADMISSION}/validatingadmissionpolicybindings/tideway-peer-objects`,
    { spec: { validationActions: ["Warn"] } },
  ],
  [
    "makes a kind of its own",
    "POST",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    { metadata: { name: "h" } },
  ],
  [
    "takes a kind of everybody away",
    "DELETE",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/resourcerequests.sharing.tideway.dev",
  ],
  [
    "answers for a group of the API",
    "POST",
    "/apis/apiregistration.k8s.io/v1/apiservices",
    { metadata: { name: "v1.h" } },
  ],
  [
    "gives itself more of the API server",
    "PATCH",
    `${FLOW}/prioritylevelconfigurations/tideway-peers`,
    { spec: { limited: { nominalConcurrencyShares: 9000 } } },
  ],
  [
    "leaves the queue of peers",
    "PATCH",
    `${FLOW}/flowschemas/tideway-peers`,
    { spec: { matchingPrecedence: 9999 } },
  ],
  ["reads the metrics of the API server", "GET", "/metrics"],
  ["reads the memory of the API server", "GET", "/debug/pprof/heap"],
  ["reads the logs of the machine", "GET", "/logs/"],
]);

export const others = rows([
  ["reads all Secrets", "GET", "/api/v1/secrets"],
  ["reads the key of this cluster", "GET", "/api/v1/namespaces/:system/secrets/auth-tls"],
  ["reads this cluster's identity at a third one", "GET", "/api/v1/namespaces/:own/secrets/tideway-identity"],
  ["reads a Secret of another tenant by its name", "GET", "/api/v1/namespaces/:other/secrets/password"],
  ["watches Secrets of the system", "GET", "/api/v1/namespaces/kube-system/secrets?watch=1"],
  ["reads the services' settings", "GET", "/api/v1/namespaces/:system/configmaps"],
  [
    "reads which authorities are trusted",
    "GET",
    "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication",
  ],
  ["reads a node", "GET", "/api/v1/nodes/n"],
  ["speaks to a kubelet", "GET", "/api/v1/nodes/n/proxy/pods"],
  ["runs something by a kubelet", "POST", "/api/v1/nodes/n/proxy/run/kube-system/p/c"],
  [
    "puts a taint on a node",
    "PATCH",
    "/api/v1/nodes/n",
    { spec: { taints: [{ key: "x", effect: "NoExecute" }] } },
  ],
  ["deletes a node", "DELETE", "/api/v1/nodes/n"],
  [
    "says a node lives",
    "PATCH",
    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n",
    { spec: {} },
  ],
  ["runs something in another tenant's pod", "POST", "/api/v1/namespaces/:other/pods/web/exec?command=id"],
  ["attaches to another tenant's pod", "POST", "/api/v1/namespaces/:other/pods/web/attach"],
  ["opens a port of another tenant's pod", "POST", "/api/v1/namespaces/:other/pods/web/portforward"],
  ["reads another tenant's log", "GET", "/api/v1/namespaces/:other/pods/web/log"],
  ["runs something in a service's pod", "POST", "/api/v1/namespaces/:system/pods/auth/exec?command=id"],
  ["speaks to a service by the API server", "GET", "/api/v1/namespaces/:system/services/bus:4222/proxy/"],
  ["speaks to its own pod by the API server", "GET", "/api/v1/namespaces/:twin/pods/mine/proxy/"],
  ["makes a volume of the host's disk", "POST", "/api/v1/persistentvolumes", { metadata: { name: "h" } }],
  [
    "makes its pods more important than others",
    "POST",
    "/apis/scheduling.k8s.io/v1/priorityclasses",
    { metadata: { name: "h" } },
  ],
]);

export const owners = rows([
  [
    "invites somebody",
    "POST",
    `${AUTHENTICATION}/namespaces/:system/invitations`,
    { metadata: { name: "h" }, spec: { tokenHash: "x" } },
  ],
  ["reads the invitations", "GET", `${AUTHENTICATION}/namespaces/:system/invitations`],
  ["takes its own revocation back", "PATCH", `${AUTHENTICATION}/tenants/east`, { spec: { revoked: null } }],
  ["revokes another tenant", "PATCH", `${AUTHENTICATION}/tenants/north`, { spec: { revoked: {} } }],
  ["reads who is a tenant", "GET", `${AUTHENTICATION}/tenants`],
  ["writes itself a rule", "PATCH", `${SHARING}/sharingpolicies/default`, { spec: { default: "accept" } }],
  ["reads the rules", "GET", `${SHARING}/sharingpolicies`],
  [
    "has itself joined",
    "POST",
    `${DISCOVERY}/discoverypolicies`,
    { metadata: { name: "default" }, spec: { rules: [] } },
  ],
  [
    "has this cluster peer with it",
    "PATCH",
    `${DISCOVERY}/foreignclusters/east`,
    { spec: { outgoingPeering: "Yes" } },
  ],
  [
    "sends its pods on to a third cluster",
    "POST",
    `${OFFLOADING}/namespaces/:twin/namespaceoffloadings`,
    { metadata: { name: "offloading" }, spec: {} },
  ],
  ["makes a node here", "POST", `${OFFLOADING}/virtualnodes`, { metadata: { name: "h" }, spec: {} }],
  ["opens the border", "POST", `${NETWORKING}/borderpolicies`, { metadata: { name: "h" }, spec: {} }],
  [
    "has another's packets sent to it",
    "PATCH",
    `${NETWORKING}/namespaces/:other-tenant/tunnelendpoints/tunnel-north`,
    { spec: {} },
  ],
  ["moves another's data", "POST", "/apis/storage.tideway.dev/v1alpha1/namespaces/:other/volumemoves", {}],
]);

const origin = (id: string): object => ({ "tideway.dev/origin": id });
const request = (metadata: object, spec: object = {}): object => ({
  apiVersion: "sharing.tideway.dev/v1alpha1",
  kind: "ResourceRequest",
  metadata: { name: "request", labels: origin(EAST), ...metadata },
  spec: { clusterID: EAST, ...spec },
});
const map = (metadata: object, spec: object): object => ({
  apiVersion: "offloading.tideway.dev/v1alpha1",
  kind: "NamespaceMap",
  metadata: { name: "namespaces", labels: origin(EAST), ...metadata },
  spec: { namespaces: ["shop"], ...spec },
});
export const networkConfig = (id: string, labels: object): object => ({
  apiVersion: "networking.tideway.dev/v1alpha1",
  kind: "NetworkConfig",
  metadata: { name: id, labels },
  spec: {
    clusterID: id,
    podCIDR: "10.200.0.0/16",
    externalCIDR: "10.201.0.0/16",
    keys: [{ generation: 1, publicKey: `${"A".repeat(43)}=` }],
    mtu: 1420,
  },
});
const requests = `${SHARING}/namespaces/:tenant/resourcerequests`;
const maps = `${OFFLOADING}/namespaces/:tenant/namespacemaps`;
const configs = `${NETWORKING}/namespaces/:tenant/networkconfigs`;
const many = (n: number): string[] => Array.from({ length: n }, (_, i) => `ns-${i}`);

export const replication = rows([
  ["sends a request in another's name", "POST", requests, request({ labels: origin(NORTH) }), 422],
  ["sends a request in nobody's name", "POST", requests, request({ labels: {} }), 422],
  ["sends a second request", "POST", requests, request({ name: "request-2" }), 422],
  [
    "approves its request",
    "POST",
    requests,
    request({ annotations: { "sharing.tideway.dev/approve": "yes" } }),
    422,
  ],
  ["answers its request", "PATCH", `${requests}/request/status`, { status: { decision: "Accepted" } }],
  ["sends a request of 4 MiB", "POST", requests, request({ annotations: { x: "x".repeat(4 << 20) } }), 413],
  [
    "hides 300 KiB in an annotation",
    "POST",
    requests,
    request({ annotations: { x: "x".repeat(300 << 10) } }),
    422,
  ],
  [
    "asks for 10,000 kinds of resources",
    "POST",
    requests,
    request({}, { resources: Object.fromEntries(many(10_000).map((k) => [`x.example/${k}`, "1"])) }),
    422,
  ],
  ["asks for an amount that is none", "POST", requests, request({}, { resources: { cpu: "all" } }), 422],
  ["makes its request last for ever", "POST", requests, request({ finalizers: ["example.org/mine"] }), 422],
  [
    "asks in another tenant's place",
    "POST",
    `${SHARING}/namespaces/:other-tenant/resourcerequests`,
    request({}),
  ],
  ["asks where this cluster itself asks", "POST", `${SHARING}/namespaces/:own/resourcerequests`, request({})],
  ["deletes all requests at once", "DELETE", requests],
  [
    "makes itself an offer",
    "POST",
    `${SHARING}/namespaces/:tenant/resourceoffers`,
    { metadata: { name: "offer" } },
  ],
  [
    "raises its offer",
    "PATCH",
    `${SHARING}/namespaces/:tenant/resourceoffers/offer`,
    { spec: { resources: { cpu: "1k" } } },
  ],
  ["deletes its offer", "DELETE", `${SHARING}/namespaces/:tenant/resourceoffers/offer`],
  ["wants 5,000 namespaces", "POST", maps, map({}, { namespaces: many(5_000) }), 422],
  [
    "wants a namespace whose name leads elsewhere",
    "POST",
    maps,
    map({}, { namespaces: ["../kube-system"] }),
    422,
  ],
  ["wants a namespace of another's prefix", "POST", maps, map({}, { namespaces: ["a".repeat(64)] }), 422],
  ["sends a second map", "POST", maps, map({ name: "more" }, {}), 422],
  ["says its namespaces are ready", "PATCH", `${maps}/namespaces/status`, { status: { namespaces: [] } }],
  [
    "changes what the owner keeps beside its own",
    "PATCH",
    `${maps}/namespaces`,
    { spec: { namespaces: ["x"] } },
    422,
  ],
  [
    "takes over what the owner keeps",
    "PATCH",
    `${maps}/namespaces`,
    { metadata: { labels: origin(EAST) } },
    422,
  ],
  ["deletes what the owner keeps", "DELETE", `${maps}/namespaces`, undefined, 422],
  ["says where another cluster's network is", "POST", configs, networkConfig(NORTH, origin(EAST)), 422],
  ["says where its network is in another's name", "POST", configs, networkConfig(EAST, origin(NORTH)), 422],
  [
    "puts a finalizer on a ConfigMap, so that its namespace never ends",
    "POST",
    "/api/v1/namespaces/:twin/configmaps",
    { metadata: { name: "h", finalizers: ["example.org/mine"] } },
    422,
  ],
  [
    "puts a finalizer on a Service",
    "POST",
    "/api/v1/namespaces/:twin/services",
    { metadata: { name: "h", finalizers: ["example.org/mine"] }, spec: { ports: [{ port: 80 }] } },
    422,
  ],
  [
    "takes this cluster's finalizer off a claim",
    "PATCH",
    `${OFFLOADING}/namespaces/:twin/shadowclaims/data`,
    { metadata: { finalizers: null } },
    422,
  ],
]);

/** What came and went before: the uid and the version that it had. */
export const resurrections = (gone: { uid: string; resourceVersion: string }): Attack[] => {
  const old = networkConfig(EAST, origin(EAST)) as { metadata: object };
  const body = { ...old, metadata: { ...old.metadata, uid: gone.uid } };
  const apply = { "content-type": "application/apply-patch+yaml" };
  return [
    {
      what: "applies to what was deleted, under its old uid",
      ask: {
        method: "PATCH",
        path: `${configs}/${EAST}?fieldManager=replicator&force=true`,
        body,
        headers: apply,
      },
      want: 409,
    },
    {
      what: "puts back what was deleted, as it was",
      ask: {
        method: "PUT",
        path: `${configs}/${EAST}`,
        body: { ...body, metadata: { ...body.metadata, resourceVersion: gone.resourceVersion } },
      },
      want: 404,
    },
    {
      what: "changes what was deleted",
      ask: { method: "PATCH", path: `${configs}/${EAST}`, body: { spec: { mtu: 1300 } } },
      want: 404,
    },
  ];
};

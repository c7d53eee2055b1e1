import { DNS_SERVICE_IP } from "./layout.ts";
import { versions } from "./versions.ts";

export const COREDNS_IMAGE = `tideway.local/coredns:${versions.coredns}`;

const corefile = `.:53 {
  errors
  health :8080
  ready :8181
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
    ttl 5
  }
  prometheus :9153
  cache 5
  loop
  reload 2s
  loadbalance
}
`;

const meta = (name: string, namespace?: string): object => ({
  name,
  ...(namespace ? { namespace } : {}),
  labels: { "k8s-app": "kube-dns" },
});
const labels = { "k8s-app": "kube-dns" };
const ns = "kube-system";
const read = (apiGroups: string[], resources: string[]): object => ({
  apiGroups,
  resources,
  verbs: ["list", "watch"],
});

/** The usual manifests, without a way out: there is no other DNS server to ask. */
export const coreDns = (): object => ({
  apiVersion: "v1",
  kind: "List",
  items: [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: meta("coredns", ns) },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: meta("system:coredns"),
      rules: [
        read([""], ["endpoints", "services", "pods", "namespaces"]),
        read(["discovery.k8s.io"], ["endpointslices"]),
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: meta("system:coredns"),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "system:coredns" },
      subjects: [{ kind: "ServiceAccount", name: "coredns", namespace: ns }],
    },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta("coredns", ns), data: { Corefile: corefile } },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: meta("kube-dns", ns),
      spec: {
        selector: labels,
        clusterIP: DNS_SERVICE_IP,
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: meta("coredns", ns),
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec() },
      },
    },
  ],
});

const podSpec = (): object => ({
  serviceAccountName: "coredns",
  priorityClassName: "system-cluster-critical",
  dnsPolicy: "Default",
  nodeSelector: { "kubernetes.io/os": "linux" },
  containers: [
    {
      name: "coredns",
      image: COREDNS_IMAGE,
      imagePullPolicy: "IfNotPresent",
      args: ["-conf", "/etc/coredns/Corefile"],
      ports: [
        { name: "dns", containerPort: 53, protocol: "UDP" },
        { name: "dns-tcp", containerPort: 53, protocol: "TCP" },
      ],
      volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
      readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
      resources: { requests: { cpu: "10m", memory: "30Mi" } },
    },
  ],
  volumes: [{ name: "config", configMap: { name: "coredns" } }],
});

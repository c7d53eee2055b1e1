import { join } from "node:path";

/** Command lines of the control plane; pure, shared by the full cluster and the light API server. */
export interface ApiServerFlags {
  pki: string;
  /** Address the server tells others; also of the `kubernetes` endpoint. */
  advertise: string;
  bind: string;
  port: number;
  etcd: string;
  serviceCidr: string;
  auditLog?: string | undefined;
  auditPolicy?: string | undefined;
  /** False without a controller-manager: nobody would create the default accounts. */
  serviceAccountAdmission: boolean;
}

export function apiServerArgs(o: ApiServerFlags): string[] {
  const pki = (file: string): string => join(o.pki, file);
  return [
    `--etcd-servers=${o.etcd}`,
    `--bind-address=${o.bind}`,
    `--advertise-address=${o.advertise}`,
    `--secure-port=${o.port}`,
    `--service-cluster-ip-range=${o.serviceCidr}`,
    `--tls-cert-file=${pki("apiserver.crt")}`,
    `--tls-private-key-file=${pki("apiserver.key")}`,
    `--client-ca-file=${pki("ca.crt")}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    ...(o.serviceAccountAdmission ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${pki("service-account.pub")}`,
    `--service-account-signing-key-file=${pki("service-account.key")}`,
    `--kubelet-client-certificate=${pki("apiserver-kubelet-client.crt")}`,
    `--kubelet-client-key=${pki("apiserver-kubelet-client.key")}`,
    "--kubelet-preferred-address-types=InternalIP,Hostname",
    `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${pki("front-proxy-client.crt")}`,
    `--proxy-client-key-file=${pki("front-proxy-client.key")}`,
    "--enable-aggregator-routing=true",
    "--allow-privileged=true",
    "--max-requests-inflight=4000",
    "--max-mutating-requests-inflight=2000",
    "--endpoint-reconciler-type=lease",
    "--profiling=false",
    ...(o.auditLog
      ? [
          `--audit-log-path=${o.auditLog}`,
          `--audit-policy-file=${o.auditPolicy}`,
          "--audit-log-maxsize=100",
          "--audit-log-maxbackup=2",
          "--audit-log-mode=batch",
          "--audit-log-batch-max-wait=1s",
        ]
      : []),
  ];
}

/** Who did what, without bodies; leases and events would be most of it and say nothing. */
export const auditPolicy = JSON.stringify({
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/metrics"] },
    { level: "None", resources: [{ group: "coordination.k8s.io" }, { group: "", resources: ["events"] }] },
    { level: "Metadata" },
  ],
});

export const etcdArgs = (o: { dataDir: string; clientUrl: string; peerUrl: string }): string[] => [
  "--name=default",
  `--data-dir=${o.dataDir}`,
  `--listen-client-urls=${o.clientUrl}`,
  `--advertise-client-urls=${o.clientUrl}`,
  `--listen-peer-urls=${o.peerUrl}`,
  `--initial-advertise-peer-urls=${o.peerUrl}`,
  `--initial-cluster=default=${o.peerUrl}`,
  "--unsafe-no-fsync", // a sandbox does not outlive the machine's power
  "--auto-compaction-mode=periodic",
  "--auto-compaction-retention=10m",
  "--quota-backend-bytes=4294967296",
  "--log-level=warn",
];

export interface ControllerManagerFlags {
  pki: string;
  kubeconfig: string;
  port: number;
  qps: number;
  burst: number;
  controllers?: readonly string[];
  extra?: readonly string[];
}

export function controllerManagerArgs(o: ControllerManagerFlags): string[] {
  const pki = (file: string): string => join(o.pki, file);
  return [
    `--kubeconfig=${o.kubeconfig}`,
    `--authentication-kubeconfig=${o.kubeconfig}`,
    `--authorization-kubeconfig=${o.kubeconfig}`,
    `--root-ca-file=${pki("ca.crt")}`,
    `--cluster-signing-cert-file=${pki("ca.crt")}`,
    `--cluster-signing-key-file=${pki("ca.key")}`,
    `--service-account-private-key-file=${pki("service-account.key")}`,
    `--requestheader-client-ca-file=${pki("front-proxy-ca.crt")}`,
    "--use-service-account-credentials=true",
    "--leader-elect=false",
    "--allocate-node-cidrs=false",
    `--secure-port=${o.port}`,
    "--bind-address=127.0.0.1",
    `--kube-api-qps=${o.qps}`,
    `--kube-api-burst=${o.burst}`,
    `--controllers=${(o.controllers ?? ["*"]).join(",")}`,
    "--profiling=false",
    ...(o.extra ?? []),
  ];
}

export const schedulerArgs = (kubeconfig: string, qps: number, burst: number): string[] => [
  `--kubeconfig=${kubeconfig}`,
  `--authentication-kubeconfig=${kubeconfig}`,
  `--authorization-kubeconfig=${kubeconfig}`,
  "--leader-elect=false",
  "--bind-address=127.0.0.1",
  `--kube-api-qps=${qps}`,
  `--kube-api-burst=${burst}`,
  "--profiling=false",
];

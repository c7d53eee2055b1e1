import { join } from "node:path";
import { DNS_SERVICE_IP, type NodePlace, POD_CIDR } from "./layout.ts";
import { versions } from "./versions.ts";

/** Files of a node, as pure text. */
export const PAUSE_IMAGE = `tideway.local/pause:${versions.pause}`;

export const containerdConfig = (n: NodePlace): string => `
version = 2
root = "${join(n.data, "containerd")}"
state = "${join(n.run, "containerd")}"
oom_score = -500
[grpc]
  address = "${n.socket}"
[debug]
  level = "warn"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  stream_server_address = "127.0.0.1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  max_concurrent_downloads = 1
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${join(n.run, "cni")}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "${join(n.run, "runc")}"
`;

export interface PodNetwork {
  mtu?: number;
  ipMasq?: boolean;
  routes?: { dst: string }[];
}

/** The masquerade is a rule of the node (network.ts, or flannel's): the plugin's would cover pods of other nodes too. */
export const cniConfig = (n: NodePlace, o: PodNetwork = {}): string =>
  JSON.stringify({
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        isDefaultGateway: true,
        hairpinMode: true,
        ipMasq: o.ipMasq ?? false,
        ...(o.mtu ? { mtu: o.mtu } : {}),
        ipam: {
          type: "host-local",
          dataDir: join(n.run, "ipam"),
          ranges: [[{ subnet: n.podCidr }]],
          ...(o.routes ? { routes: o.routes } : {}),
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });

export const kubeletConfig = (n: NodePlace, pki: string): string =>
  JSON.stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(pki, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: join(pki, `kubelet-serving-${n.name}.crt`),
    tlsPrivateKeyFile: join(pki, `kubelet-serving-${n.name}.key`),
    containerRuntimeEndpoint: `unix://${n.socket}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: n.cgroup,
    cgroupsPerQOS: false,
    // Resizing in place asks for the pod cgroups that the line above leaves out: kubelet 1.34 panics there.
    featureGates: { InPlacePodVerticalScaling: false },
    enforceNodeAllocatable: [],
    failSwapOn: false,
    failCgroupV1: false,
    clusterDNS: [DNS_SERVICE_IP],
    clusterDomain: "cluster.local",
    resolvConf: join(n.run, "resolv.conf"),
    podLogsDir: join(n.data, "pod-logs"),
    volumePluginDir: join(n.data, "volume-plugins"),
    maxPods: 240, // of the 254 addresses that its network has
    registerNode: true,
    serializeImagePulls: false,
    nodeStatusUpdateFrequency: "5s",
    // One disk carries everything: a full one is the machine's trouble, not a reason to evict or to drop images.
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "0%",
      "imagefs.available": "0%",
      "nodefs.inodesFree": "0%",
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    shutdownGracePeriod: "0s",
    makeIPTablesUtilChains: false,
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
    enableControllerAttachDetach: true,
  });

export const kubeletArgs = (n: NodePlace, kubeconfig: string): string[] => [
  `--config=${join(n.run, "kubelet.yaml")}`,
  `--kubeconfig=${kubeconfig}`,
  `--root-dir=${join(n.data, "kubelet")}`,
  `--cert-dir=${join(n.data, "kubelet", "pki")}`,
  `--hostname-override=${n.name}`,
  `--node-ip=${n.address}`,
  `--node-labels=kubernetes.io/hostname=${n.name}`,
];

export const proxyConfig = (n: NodePlace, kubeconfig: string): string =>
  JSON.stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: POD_CIDR,
    hostnameOverride: n.name,
    clientConnection: { kubeconfig, qps: 100, burst: 200 },
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    // A change after a quiet 100 ms is programmed at once; the default holds the second of two back for 1 s.
    nftables: { minSyncPeriod: "100ms", syncPeriod: "30s" },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
  });

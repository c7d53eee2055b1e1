import { PEER } from "@tideway/api";
import type { Namespace, Pod } from "@tideway/k8s";
import { CLI, MANAGED_BY } from "../../peering/request.ts";
import type { Side } from "./plan.ts";
import { HTTP_PORT, PROBE, SERVE } from "./scripts.ts";

/** Everything that a run makes carries this, so that what an interrupted one left can be found. */
export const RUN_LABEL = "network-test";
export const SIDE_LABEL = "network-test-side";

export const namespaceOf = (name: string, run: string): Namespace => ({
  metadata: { name, labels: { [MANAGED_BY]: CLI, [RUN_LABEL]: run } },
});

export interface PodWish {
  name: string;
  namespace: string;
  image: string;
  side: Side | "stranger";
  /** `kubernetes.io/hostname` of its node, real or virtual; undefined: anywhere. */
  hostname?: string;
  /** In the host's network; it then serves nothing, the host's ports are its owner's. */
  host?: boolean;
}

export const podOf = (w: PodWish): Pod => {
  const env = [
    { name: "NAME", value: w.name },
    { name: "PORT", value: w.host ? "0" : String(HTTP_PORT) },
    { name: "PROBE", value: PROBE },
  ];
  const readinessProbe = {
    httpGet: { path: "/", port: HTTP_PORT },
    periodSeconds: 1,
    failureThreshold: 1,
    timeoutSeconds: 2,
  };
  return {
    metadata: { name: w.name, namespace: w.namespace, labels: { app: RUN_LABEL, [SIDE_LABEL]: w.side } },
    spec: {
      ...(w.hostname === undefined ? {} : { nodeSelector: { "kubernetes.io/hostname": w.hostname } }),
      ...(w.host ? { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" } : {}),
      // Every node is tested, whatever its taints keep away.
      tolerations: [{ operator: "Exists" }],
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "main",
          image: w.image,
          command: ["node", "-e", SERVE],
          env,
          resources: { requests: { cpu: "10m", memory: "32Mi" } },
          ...(w.host ? {} : { ports: [{ containerPort: HTTP_PORT }], readinessProbe }),
        },
      ],
    },
  };
};

export interface ServiceManifest {
  metadata: { name: string; namespace: string };
  spec: object;
}

export const serviceNames = (side: Side): { plain: string; headless: string; nodePort: string } => ({
  plain: side,
  headless: `${side}-headless`,
  nodePort: `${side}-nodeport`,
});

/** A Service of each kind over the pods of each side. */
export const servicesOf = (namespace: string): ServiceManifest[] =>
  (["ours", "theirs"] as const).flatMap((side) => {
    const names = serviceNames(side);
    const common = { selector: { [SIDE_LABEL]: side }, ports: [{ name: "http", port: HTTP_PORT }] };
    return [
      { metadata: { name: names.plain, namespace }, spec: common },
      { metadata: { name: names.headless, namespace }, spec: { ...common, clusterIP: "None" } },
      { metadata: { name: names.nodePort, namespace }, spec: { ...common, type: "NodePort" } },
    ];
  });

/** Which virtual node is the peer's. */
export const peerSelector = (peer: string): string[] => [`${PEER}=${peer}`];

import { OPEN, type Metrics } from "@tideway/telemetry";

export const virtualKubeletMetrics = (metrics: Metrics) => ({
  nodeReady: metrics.gauge({
    name: "tideway_virtual_node_ready",
    help: "1 while the provider behind the virtual node answers",
    labels: { peer: OPEN },
  }),
  nodePods: metrics.gauge({
    name: "tideway_virtual_node_pods",
    help: "Pods bound to the virtual node",
    labels: { peer: OPEN },
  }),
});
export type VirtualKubeletMetrics = ReturnType<typeof virtualKubeletMetrics>;

import type { Metrics } from "@tideway/telemetry";

const STREAMS = ["exec", "attach", "portforward"] as const;
const OPERATIONS = ["logs", ...STREAMS] as const;
/** `refused`: by the provider; `unreachable`: it did not answer; `abandoned`: the caller left before it did. */
const OUTCOMES = ["served", "refused", "unreachable", "abandoned"] as const;

export const kubeletApiMetrics = (metrics: Metrics) => ({
  requests: metrics.counter({
    name: "tideway_kubelet_requests_total",
    help: "Requests for a pod at the kubelet port, by operation and outcome",
    labels: { operation: OPERATIONS, outcome: OUTCOMES },
  }),
  open: metrics.gauge({
    name: "tideway_kubelet_streams",
    help: "Sessions of exec, attach and port-forward that are open",
    labels: { operation: STREAMS },
  }),
});
export type KubeletApiMetrics = ReturnType<typeof kubeletApiMetrics>;

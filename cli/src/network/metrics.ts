import { NETWORK_NAMESPACE } from "@tideway/api";
import type { Kube } from "@tideway/k8s";
import { errorOf } from "@tideway/k8s";

const METRICS_PORT = 8080;

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The samples of a Prometheus text exposition; what is no sample is passed over. */
export const parseMetrics = (text: string): Sample[] =>
  text.split("\n").flatMap((line) => {
    const m = line.startsWith("#") ? undefined : LINE.exec(line);
    if (!m) return [];
    const labels = Object.fromEntries(
      [...(m[2] ?? "").matchAll(LABEL)].map(([, key = "", value = ""]) => [
        key,
        value.replaceAll(/\\(.)/g, (_, c: string) => (c === "n" ? "\n" : c)),
      ]),
    );
    return [{ name: m[1] ?? "", labels, value: Number(m[3]) }];
  });

/** What a gateway counts of the tunnel to one peer. */
export interface TunnelMetrics {
  receivedBytes?: number;
  sentBytes?: number;
  latencyMs?: number;
  /** Share of lost probes, 0 to 1. */
  loss?: number;
  handshakeAgeSeconds?: number;
}

/** Series of services/gateway; seconds are turned into what this page shows. */
export const SERIES = {
  received: "tideway_gateway_received_bytes_total",
  sent: "tideway_gateway_sent_bytes_total",
  latency: "tideway_gateway_latency_seconds",
  loss: "tideway_gateway_loss_ratio",
  handshake: "tideway_gateway_handshake_age_seconds",
} as const;

export const tunnelMetrics = (samples: readonly Sample[], peer: string, clusterID: string): TunnelMetrics => {
  const read = (name: string): number | undefined => {
    const own = samples.filter(
      (s) => s.name === name && (s.labels.peer === peer || s.labels.peer === clusterID),
    );
    const values = own.map((s) => s.value).filter((v) => Number.isFinite(v));
    return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0);
  };
  const given = <K extends string>(key: K, value: number | undefined): { [P in K]?: number } =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: number };
  const latency = read(SERIES.latency);
  const age = read(SERIES.handshake);
  return {
    ...given("receivedBytes", read(SERIES.received)),
    ...given("sentBytes", read(SERIES.sent)),
    ...given("latencyMs", latency === undefined ? undefined : Math.round(latency * 1e6) / 1_000),
    ...given("loss", read(SERIES.loss)),
    ...given("handshakeAgeSeconds", age === undefined || age < 0 ? undefined : age), // negative: never
  };
};

/** A gateway's metrics, by the API server's proxy to its pod. */
export const readGateway = async (kube: Kube, pod: string, signal: AbortSignal): Promise<Sample[]> => {
  const path = `/api/v1/namespaces/${NETWORK_NAMESPACE}/pods/${pod}:${METRICS_PORT}/proxy/metrics`;
  const answer = await kube.request({ method: "GET", path, signal });
  const text = await answer.body.text();
  if (answer.status !== 200) throw errorOf(answer.status, { message: text.slice(0, 200) }, `GET ${path}`);
  return parseMetrics(text);
};

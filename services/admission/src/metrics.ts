import type { Metrics } from "@tideway/telemetry";
import { DENIALS } from "./review/review.ts";

export const WEBHOOKS = ["pods", "daemonsets", "shadowpods", "namespaceoffloadings"] as const;
export type Webhook = (typeof WEBHOOKS)[number];
export const OUTCOMES = ["allowed", "patched", "denied", "error"] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const admissionMetrics = (metrics: Metrics) => ({
  requests: metrics.counter({
    name: "tideway_admission_requests_total",
    help: "Admission reviews answered, by webhook and outcome",
    labels: { webhook: WEBHOOKS, outcome: OUTCOMES },
  }),
  denials: metrics.counter({
    name: "tideway_admission_denials_total",
    help: "Admission reviews denied, by webhook and reason",
    labels: { webhook: WEBHOOKS, reason: DENIALS },
  }),
  seconds: metrics.histogram({
    name: "tideway_admission_seconds",
    help: "Time from a whole request to its answer",
    labels: { webhook: WEBHOOKS },
  }),
  expiry: metrics.gauge({
    name: "tideway_admission_certificate_expiry_seconds",
    help: "When the serving certificate ends, since the Unix epoch",
  }),
});
export type AdmissionMetrics = ReturnType<typeof admissionMetrics>;

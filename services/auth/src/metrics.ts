import { DENIALS, type Denial } from "@tideway/authclient";
import type { Metrics } from "@tideway/telemetry";
import type { MethodName, Outcome } from "./door/server.ts";

const METHODS = [
  "describe",
  "authenticate",
  "renew",
  "release",
  "checkPeering",
] as const satisfies readonly MethodName[];
const OUTCOMES = ["ok", "denied", "invalid", "unavailable", "error"] as const satisfies readonly Outcome[];

export const createAuthMetrics = (m: Metrics) => {
  const calls = m.counter({
    name: "tideway_auth_calls_total",
    help: "Calls served by method and outcome",
    labels: { method: METHODS, outcome: OUTCOMES },
  });
  const seconds = m.histogram({
    name: "tideway_auth_call_seconds",
    help: "Duration of a call served",
    labels: { method: METHODS },
  });
  const denials = m.counter({
    name: "tideway_auth_denials_total",
    help: "Calls denied by reason",
    labels: { reason: DENIALS },
  });
  const certificates = m.counter({
    name: "tideway_auth_certificates_total",
    help: "Certificates given to tenants",
    labels: { kind: ["first", "renewal"] },
  });
  const signing = m.histogram({
    name: "tideway_auth_signing_seconds",
    help: "From a certificate request to its certificate",
  });
  const attempts = m.counter({
    name: "tideway_auth_attempts_total",
    help: "Calls made to providers by step and result",
    labels: { step: ["authenticate", "renew", "release"], result: ["granted", "denied", "unreachable"] },
  });
  const checks = m.counter({
    name: "tideway_auth_peering_checks_total",
    help: "Tenants asked whether they still want the peering",
    labels: { answer: ["wanted", "notWanted", "unknown", "unreachable"] },
  });
  return {
    served: (method: MethodName, outcome: Outcome, took: number): void => {
      calls.inc({ method, outcome });
      seconds.observe({ method }, took);
    },
    denied: (reason: Denial): void => denials.inc({ reason }),
    issued: (kind: "first" | "renewal"): void => certificates.inc({ kind }),
    signed: (took: number): void => signing.observe({}, took),
    attempted: (
      step: "authenticate" | "renew" | "release",
      result: "granted" | "denied" | "unreachable",
    ): void => attempts.inc({ step, result }),
    checked: (answer: "wanted" | "notWanted" | "unknown" | "unreachable"): void => checks.inc({ answer }),
    tenants: m.gauge({ name: "tideway_auth_tenants", help: "Tenants of this cluster" }),
    identities: m.gauge({ name: "tideway_auth_identities", help: "Identities of this cluster at providers" }),
  };
};
export type AuthMetrics = ReturnType<typeof createAuthMetrics>;

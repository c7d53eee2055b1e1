import type { ShadowPod } from "@tideway/api";
import type { Audit } from "@tideway/audit";
import type { Pod } from "@tideway/k8s";
import type { Origin, Refusal } from "@tideway/podspec";
import type { Amounts } from "@tideway/quantity";
import type { Ledger } from "@tideway/quota";
import type { PolicyOfPeer } from "./policies.ts";
import type { Teller } from "./quotas/tell.ts";

export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

export interface ProviderOptions {
  /** Pod Security level enforced in twin namespaces, where no WorkloadPolicy says one. Default baseline. */
  podSecurity?: PodSecurityLevel;
  /** ShadowPods worked on at the same time. Default 48: each is one request, and the API server takes many. */
  workers?: number;
  /** How long a refused pod waits for its next attempt, in ms. Default 5,000. */
  refusedRetryMs?: number;
  /** Where refusals of peers go. */
  audit: Pick<Audit, "record">;
  /** Who says what tenants use. */
  teller: Teller;
  /** What tenants use. Default: counted in the API server. */
  ledger?: Ledger;
}

/** The way from a ShadowPod to a Pod: the field table of `@tideway/podspec`, seen from here. */
export interface PodBuilder {
  /** Fields that may not cross, each with the reason. Empty: the pod may be made. */
  refusals(shadow: Readonly<ShadowPod>, policy: PolicyOfPeer): readonly Refusal[];
  /** The pod of a ShadowPod without refusals, as it would be made today. */
  build(shadow: Readonly<ShadowPod>, origin: Origin, policy: PolicyOfPeer): Pod;
  /** What that pod is charged. */
  amounts(shadow: Readonly<ShadowPod>, policy: PolicyOfPeer): Amounts;
}

import type { ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import type { Origin, Refusal } from "@tideway/podspec";

export type PodSecurityLevel = "privileged" | "baseline" | "restricted";

export interface ProviderOptions {
  /** Pod Security level enforced in twin namespaces. Default baseline. */
  podSecurity?: PodSecurityLevel;
  /** ShadowPods worked on at the same time. Default 48: each is one request, and the API server takes many. */
  workers?: number;
  /** How long a refused pod waits for its next attempt, in ms. Default 5,000. */
  refusedRetryMs?: number;
}

/** The way from a ShadowPod to a Pod: the field table of `@tideway/podspec`, seen from here. */
export interface PodBuilder {
  /** Fields that may not cross, each with the reason. Empty: the pod may be made. */
  refusals(shadow: Readonly<ShadowPod>): readonly Refusal[];
  /** The pod of a ShadowPod without refusals, as it would be made today. */
  build(shadow: Readonly<ShadowPod>, origin: Origin): Pod;
}

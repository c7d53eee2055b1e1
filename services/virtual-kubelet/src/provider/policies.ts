import { WORKLOAD_POLICY_NAME, type WorkloadPolicy } from "@tideway/api";
import type { Informer } from "@tideway/k8s";
import type { WorkloadRules } from "@tideway/podspec";
import type { PodSecurityLevel } from "./ports.ts";

/** What the owner of this cluster asks of one peer's pods. */
export interface PolicyOfPeer {
  /** Of the WorkloadPolicy. */
  name: string;
  rules: WorkloadRules;
  podSecurity: PodSecurityLevel;
}

export type Policies = (peer: string) => PolicyOfPeer;

/** The policy named as the peer, else the one named default, else none but `podSecurity`. Never two of them together. */
export const policiesOf =
  (policies: Pick<Informer<WorkloadPolicy>, "get">, podSecurity: PodSecurityLevel): Policies =>
  (peer) => {
    const found = policies.get(peer) ?? policies.get(WORKLOAD_POLICY_NAME);
    const { images, containers } = found?.spec ?? {};
    return {
      name: found?.metadata.name ?? WORKLOAD_POLICY_NAME,
      rules: { images, containers },
      podSecurity: found?.spec.podSecurity ?? podSecurity,
    };
  };

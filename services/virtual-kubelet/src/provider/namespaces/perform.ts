import { ORIGIN, shadowClaims, shadowPods } from "@tideway/api";
import type { ReconcileContext } from "@tideway/controller";
import { isAlreadyExists } from "@tideway/errors";
import {
  endNamespace,
  type Kube,
  namespaces,
  networkPolicies,
  roleBindings,
  serviceAccounts,
} from "@tideway/k8s";
import { FIELD_MANAGER, SOURCE_NAMESPACE } from "../labels.ts";
import type { PodSecurityLevel } from "../ports.ts";
import type { Effect } from "./decide.ts";
import {
  ENFORCED,
  namespaceOf,
  networkPolicyOf,
  roleBindingOf,
  serviceAccountOf,
  type Twin,
  WORKLOAD_BINDING,
} from "./manifests.ts";

export interface PerformOptions {
  signal: AbortSignal;
  log: ReconcileContext["log"];
  /** Where this service runs. */
  systemNamespace: string;
  podSecurity: PodSecurityLevel;
  /** Names of the ShadowPods in a namespace. */
  shadowsOf(namespace: string): string[];
  /** Names of the ShadowClaims in a namespace. */
  claimsOf(namespace: string): string[];
}

/** ClusterRole with which this service looks into a twin namespace that it ends; deploy/base/namespace-end. */
const END_ROLE = "tideway-namespace-end";

/** `taken`: the name belongs to something else, which is left alone. */
export type Outcome = "done" | "taken";

/** Never applied: an apply would take over a namespace of the owner that happens to have the name. */
const create = async (kube: Kube, twin: Twin, o: PerformOptions): Promise<Outcome> => {
  try {
    await kube.create(namespaces, namespaceOf(twin, o.podSecurity), {
      signal: o.signal,
      fieldManager: FIELD_MANAGER,
    });
    return "done";
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
  }
  const found = await kube.find(namespaces, twin.name, undefined, o);
  const labels = found?.metadata.labels ?? {};
  return labels[ORIGIN] === twin.origin && labels[SOURCE_NAMESPACE] === twin.source ? "done" : "taken";
};

export const perform = async (kube: Kube, effect: Effect, o: PerformOptions): Promise<Outcome> => {
  const { signal } = o;
  const apply = { fieldManager: FIELD_MANAGER, signal };
  switch (effect.do) {
    case "create":
      return create(kube, effect.twin, o);
    case "secure":
      await kube.patch(
        namespaces,
        effect.twin.name,
        undefined,
        { metadata: { labels: { [ENFORCED]: o.podSecurity } } },
        { signal, fieldManager: FIELD_MANAGER },
      );
      return "done";
    case "furnish":
      await Promise.all([
        kube.apply(networkPolicies, networkPolicyOf(effect.twin), apply),
        kube.apply(serviceAccounts, serviceAccountOf(effect.twin), apply),
      ]);
      await kube.apply(roleBindings, roleBindingOf(effect.twin), apply); // last: with it the peer may begin
      return "done";
    case "unbind":
      await kube.delete(roleBindings, WORKLOAD_BINDING, effect.name, { signal });
      return "done";
    case "empty":
      await Promise.all([
        ...o.shadowsOf(effect.name).map((name) => kube.delete(shadowPods, name, effect.name, { signal })),
        ...o.claimsOf(effect.name).map((name) => kube.delete(shadowClaims, name, effect.name, { signal })),
      ]);
      return "done";
    case "delete":
      await endNamespace(kube, effect.name, {
        uid: effect.uid,
        rights: {
          clusterRole: END_ROLE,
          serviceAccount: { name: "virtual-kubelet", namespace: o.systemNamespace },
        },
        signal,
        log: o.log,
      });
      return "done";
  }
};

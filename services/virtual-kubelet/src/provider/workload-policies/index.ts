import { type Controller, startController } from "@tideway/controller";
import type { Logger } from "@tideway/log";
import type { Local } from "../../ports.ts";
import { isRefused, makeWorkloadPolicyReconciler, type WorkloadPolicyDeps } from "./reconciler.ts";

/** How long changes are gathered before a policy tells of them: a storm of refusals is one write a moment. */
const DELAY_MS = 300;

/** Keeps the status of WorkloadPolicies; the caches have synced. */
export const startWorkloadPolicies = (
  local: Local,
  d: Omit<WorkloadPolicyDeps, "kube" | "owns"> & { log: Logger },
): Controller => {
  const { kube, metrics, signal } = local;
  const controller = startController({
    name: "workload-policies",
    workers: 1,
    log: d.log,
    metrics,
    signal,
    reconcile: makeWorkloadPolicyReconciler({
      ...d,
      kube,
      owns: (name) => local.owns(`workload-policy/${name}`),
    }),
  });
  const tellAll = (): void => d.policies.list().forEach((p) => controller.enqueue(p.metadata.name, DELAY_MS));
  d.policies.onChange((name, now, old) => {
    controller.enqueue(name);
    if (!(now && old)) tellAll(); // whose pods go by the others may have changed
  });
  d.shadows.onChange((_key, now, old) => isRefused(now) !== isRefused(old) && tellAll());
  d.twins.onChange((_key, now, old) => !(now && old) && tellAll());
  local.onOwnersChange(tellAll);
  tellAll();
  return controller;
};

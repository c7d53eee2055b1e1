/** DaemonSets stay off virtual nodes unless they ask for them. Pure. */
import { VIRTUAL_NODES, VIRTUAL_NODES_ALLOW } from "@tideway/api";
import type { KubeObject, Pod } from "@tideway/k8s";
import { type AdmissionRequest, ALLOWED, type Verdict } from "../review/review.ts";
import { affinityPatch, isTolerated, tolerationPatch } from "./place.ts";
import { OFF_VIRTUAL } from "./terms.ts";

export interface DaemonSet extends KubeObject {
  spec?: { template?: Pick<Pod, "spec"> & { metadata?: { annotations?: Record<string, string> } } };
}

const TEMPLATE = "/spec/template/spec";

/**
 * The controller of DaemonSets makes a pod for every node whose taints the template tolerates, and waits for each.
 * Most that tolerate everything are agents of real nodes. One that does not tolerate virtual nodes is left as it is.
 */
export const daemonSet = ({ object, operation }: AdmissionRequest<DaemonSet>): Verdict => {
  const template = object?.spec?.template;
  if (!template?.spec || (operation !== "CREATE" && operation !== "UPDATE")) return ALLOWED;
  const { spec, metadata } = template;
  const asks = metadata?.annotations?.[VIRTUAL_NODES] === VIRTUAL_NODES_ALLOW;
  if (asks) return { allowed: true, patch: tolerationPatch(spec, TEMPLATE) };
  if (!isTolerated(spec)) return ALLOWED;
  return { allowed: true, patch: affinityPatch(spec, [{ matchExpressions: [OFF_VIRTUAL] }], TEMPLATE) };
};

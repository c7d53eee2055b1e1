import { type NamespaceOffloading, NETWORK_NAMESPACE, peerOfNamespace } from "@tideway/api";
import { type AdmissionRequest, ALLOWED, deny, type Verdict } from "../review/review.ts";
import { selectorProblems } from "../placement/selector.ts";

/** Why a namespace is never lent out; undefined: it may be. `origin`: whose twin it is. */
export const systemReason = (
  namespace: string,
  system: string,
  origin: string | undefined,
): string | undefined => {
  if (namespace.startsWith("kube-")) return "is Kubernetes' own";
  if (namespace === system || namespace === NETWORK_NAMESPACE) return "is Tideway's own";
  if (peerOfNamespace(namespace) !== undefined) return "is the meeting place with a peer";
  if (origin !== undefined) return "holds the pods of a peer, which are not passed on";
  return undefined;
};

export const validateOffloading = (
  r: AdmissionRequest<NamespaceOffloading>,
  system: string,
  origin: string | undefined,
): Verdict => {
  const { object, namespace = "" } = r;
  if (!object || object.metadata.deletionTimestamp || (r.operation !== "CREATE" && r.operation !== "UPDATE"))
    return ALLOWED;
  const why = systemReason(namespace, system, origin);
  if (why) return deny("SystemNamespace", `namespace ${namespace} ${why}: its pods are not offloaded`);
  const problems = selectorProblems(object.spec?.clusterSelector ?? [], "spec.clusterSelector");
  if (problems.length > 0)
    return deny("BadSelector", problems.map((p) => `${p.field}: ${p.message}`).join("; "), problems);
  return ALLOWED;
};

import type { Pod } from "@tideway/k8s";
import { allowed } from "./refusals.ts";
import type { PodSpec } from "./references.ts";
import type { ShadowPodSpec } from "./to-shadow.ts";

/** The ShadowPod as the provider reads it. */
export interface ShadowPodLike {
  metadata: { name: string; namespace?: string; uid?: string };
  spec: ShadowPodSpec;
}

export interface Origin {
  /** Cluster ID of the consumer. */
  clusterID: string;
  /** Peer name of the consumer on the provider. */
  peer: string;
  /** On which nodes its pods run: terms of which one has to hold; none: any. */
  nodes?: readonly NodeTerm[];
}

/** Of core/v1 NodeSelectorTerm. */
export interface NodeTerm {
  all: readonly { key: string; operator: string; values: readonly string[] }[];
}

/** Domains whose annotations speak to the provider's own kubelet, runtime, network or meshes. */
const PLATFORM =
  /(^|\.)(kubernetes\.io|k8s\.io|cncf\.io|projectcalico\.org|cilium\.io|ovn\.org|istio\.io|linkerd\.io|tideway\.dev)$/;
const HARMLESS = new Set(["kubectl.kubernetes.io/default-container", "kubectl.kubernetes.io/restartedAt"]);
const domainOf = (key: string): string => (key.includes("/") ? key.slice(0, key.indexOf("/")) : "");

/** Annotations of the consumer that the provider's pod gets. */
export const allowedAnnotations = (annotations: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations ?? {}).filter(([key]) => HARMLESS.has(key) || !PLATFORM.test(domainOf(key))),
  );

/** Labels that controllers of the provider would act on are kept from a foreign pod, all others cross. */
export const allowedLabels = (labels: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !domainOf(key).endsWith("tideway.dev")));

/** No pod of a peer runs without a filter of system calls, whatever it left unsaid; another profile is refused by the table. */
const confined = (spec: PodSpec): PodSpec =>
  spec.os?.name === "windows" || spec.securityContext?.seccompProfile
    ? spec
    : { ...spec, securityContext: { ...spec.securityContext, seccompProfile: { type: "RuntimeDefault" } } };

/** What is forced on every foreign pod holds in each of the terms too; nothing of the consumer's is in them. */
const placed = (spec: PodSpec, nodes: readonly NodeTerm[] = []): PodSpec => {
  const [forced] =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (nodes.length === 0) return spec;
  const nodeSelectorTerms = nodes.map(({ all }) => ({
    matchExpressions: [
      ...(forced?.matchExpressions ?? []),
      ...all.map((r) => ({ ...r, values: [...r.values] })),
    ],
  }));
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
  return { ...spec, affinity: { nodeAffinity } };
};

const REGION = "topology.kubernetes.io/region";

/** Beside what is forced upon its affinity. */
const inRegions = (spec: PodSpec, regions: readonly string[] | undefined): PodSpec => {
  if (!regions) return spec;
  const here = { key: REGION, operator: "In" as const, values: [...regions] };
  const forced =
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const nodeSelectorTerms = (forced ?? [{}]).map((t) => ({
    ...t,
    matchExpressions: [...(t.matchExpressions ?? []), here],
  }));
  return {
    ...spec,
    affinity: {
      ...spec.affinity,
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  };
};

/**
 * The provider's own pod for a ShadowPod without refusals. It is owned by the ShadowPod, so the garbage
 * collector takes it along should the provider's virtual-kubelet be away.
 */
export const toPod = (shadow: ShadowPodLike, origin: Origin): Pod => {
  const { name, namespace, uid } = shadow.metadata;
  const confinedSpec = confined(allowed("pod", shadow.spec.pod) as PodSpec);
  const spec = inRegions(placed(confinedSpec, origin.nodes), shadow.spec.regions);
  const { pool } = shadow.spec;
  return {
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      labels: {
        ...allowedLabels(shadow.spec.podLabels),
        "tideway.dev/origin": origin.clusterID,
        "tideway.dev/peer": origin.peer,
        ...(pool ? { "tideway.dev/pool": pool } : {}),
      },
      annotations: {
        ...allowedAnnotations(shadow.spec.podAnnotations),
        "tideway.dev/origin-uid": shadow.spec.originUID,
      },
      ...(uid
        ? {
            ownerReferences: [
              {
                apiVersion: "offloading.tideway.dev/v1alpha1",
                kind: "ShadowPod",
                name,
                uid,
                controller: true,
              },
            ],
          }
        : {}),
    },
    spec,
  };
};

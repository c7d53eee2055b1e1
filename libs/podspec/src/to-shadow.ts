import { createHash } from "node:crypto";
import type { Pod } from "@tideway/k8s";
import { type ApiServerAccess, withApiServer } from "./api-server.ts";
import { podRules } from "./table-pod.ts";
import {
  ephemeralClaimName,
  isDefaultTokenVolume,
  NAMESPACE_KEY,
  remoteConfigMapName,
  tokenKey,
  tokenSecretName,
  type Container,
  type PodSpec,
} from "./references.ts";

/** The spec of a ShadowPod, as `@tideway/api` defines it. */
export interface ShadowPodSpec {
  originUID: string;
  originNamespace: string;
  /** The provider's node pool; absent: its nodes in none. */
  pool?: string;
  pod: PodSpec;
  podLabels?: Record<string, string>;
  podAnnotations?: Record<string, string>;
  /** Regions of the provider whose nodes will do. Default: any. */
  regions?: string[];
  gracePeriodSeconds?: number;
}

const DROPPED: ReadonlySet<string> = new Set(podRules.filter((r) => r.dropped).map((r) => r.field));
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const OWN = "tideway.dev/";

const without = (
  map: Record<string, string> | undefined,
  isLeftOut: (key: string) => boolean,
): Record<string, string> | undefined => {
  if (!map) return undefined;
  const kept = Object.entries(map).filter(([key]) => !isLeftOut(key));
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
};

/** What the downward API would say on the consumer, so that the pod cannot tell where it runs. */
const literal = (pod: Pod, path: string | undefined): string | undefined => {
  switch (path) {
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid ?? "";
    case "spec.nodeName":
      return pod.spec?.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "";
    default:
      return undefined;
  }
};

type EnvVar = NonNullable<Container["env"]>[number];
const crossEnv = (pod: Pod, e: EnvVar): EnvVar => {
  const value = literal(pod, e.valueFrom?.fieldRef?.fieldPath);
  if (value !== undefined) return { name: e.name, value };
  const ref = e.valueFrom?.configMapKeyRef;
  if (!ref?.name || remoteConfigMapName(ref.name) === ref.name) return e;
  return { name: e.name, valueFrom: { configMapKeyRef: { ...ref, name: remoteConfigMapName(ref.name) } } };
};

const crossContainer = (pod: Pod, tokenVolumes: ReadonlySet<string>, c: Container): Container => {
  const out: Container = { ...c };
  if (c.env) out.env = c.env.map((e) => crossEnv(pod, e));
  if (c.envFrom)
    out.envFrom = c.envFrom.map((e) =>
      e.configMapRef?.name
        ? { ...e, configMapRef: { ...e.configMapRef, name: remoteConfigMapName(e.configMapRef.name) } }
        : e,
    );
  if (c.volumeMounts && tokenVolumes.size > 0) {
    const mounts = c.volumeMounts.filter((m) => !tokenVolumes.has(m.name));
    if (mounts.length > 0) out.volumeMounts = mounts;
    else delete out.volumeMounts;
  }
  return out;
};

type Volume = NonNullable<PodSpec["volumes"]>[number];
const crossVolume = (pod: Pod, v: Volume): Volume => {
  if (v.configMap?.name)
    return { ...v, configMap: { ...v.configMap, name: remoteConfigMapName(v.configMap.name) } };
  if (v.ephemeral)
    return {
      name: v.name,
      persistentVolumeClaim: { claimName: ephemeralClaimName(pod.metadata.name, v.name) },
    };
  if (!v.projected?.sources) return v;
  const sources = v.projected.sources.map((s, i) => {
    if (s.configMap?.name)
      return { ...s, configMap: { ...s.configMap, name: remoteConfigMapName(s.configMap.name) } };
    if (isDefaultTokenVolume(v) && s.downwardAPI)
      return {
        secret: {
          name: tokenSecretName(pod.metadata.name),
          items: [{ key: NAMESPACE_KEY, path: NAMESPACE_KEY }],
        },
      };
    if (!s.serviceAccountToken) return s;
    const items = [{ key: tokenKey(v.name, i), path: s.serviceAccountToken.path }];
    return { secret: { name: tokenSecretName(pod.metadata.name), items } };
  });
  return { ...v, projected: { ...v.projected, sources } };
};

const crossSpec = (pod: Pod, spec: PodSpec, apiServer: ApiServerAccess | undefined): PodSpec => {
  const out = Object.fromEntries(
    Object.entries(spec).filter(([field]) => !DROPPED.has(field)),
  ) as unknown as PodSpec;
  const leftOut = apiServer ? [] : (spec.volumes ?? []).filter(isDefaultTokenVolume);
  const tokenVolumes = new Set(leftOut.map((v) => v.name));
  out.containers = spec.containers.map((c) => crossContainer(pod, tokenVolumes, c));
  if (spec.initContainers)
    out.initContainers = spec.initContainers.map((c) => crossContainer(pod, tokenVolumes, c));
  const volumes = (spec.volumes ?? [])
    .filter((v) => !tokenVolumes.has(v.name))
    .map((v) => crossVolume(pod, v));
  if (volumes.length > 0) out.volumes = volumes;
  else delete out.volumes;
  return apiServer ? withApiServer(out, apiServer) : out;
};

export interface ToShadowOptions {
  /** The pod talks to the consumer's API server, which is there. Default: it talks to none. */
  apiServer?: ApiServerAccess | undefined;
  /** Regions of the provider that the pod's data may lie in. Default: any. */
  regions?: readonly string[] | undefined;
}

/** The ShadowPod spec for a pod bound to a virtual node. The pod is not changed; unchanged parts are shared. */
export const toShadowPodSpec = (pod: Pod, o: ToShadowOptions = {}): ShadowPodSpec => {
  if (!pod.spec) throw new TypeError(`pod ${pod.metadata.name} has no spec`);
  const podLabels = without(pod.metadata.labels, (k) => k.startsWith(OWN));
  const podAnnotations = without(pod.metadata.annotations, (k) => k.startsWith(OWN) || k === LAST_APPLIED);
  return {
    originUID: pod.metadata.uid ?? "",
    originNamespace: pod.metadata.namespace ?? "",
    pod: crossSpec(pod, pod.spec, o.apiServer),
    ...(podLabels ? { podLabels } : {}),
    ...(podAnnotations ? { podAnnotations } : {}),
    ...(o.regions ? { regions: [...o.regions] } : {}),
  };
};

/**
 * Changes exactly when something changes on the consumer's pod that is forwarded to a ShadowPod that exists:
 * images, activeDeadlineSeconds, labels, annotations. Kept as an annotation of the ShadowPod.
 */
export const forwardedHash = (pod: Pod): string => {
  const image = (c: Container): string => `${c.name}=${c.image ?? ""}`;
  const parts = [
    pod.spec?.containers.map(image),
    pod.spec?.initContainers?.map(image),
    pod.spec?.activeDeadlineSeconds,
    without(pod.metadata.labels, (k) => k.startsWith(OWN)),
    without(pod.metadata.annotations, (k) => k.startsWith(OWN) || k === LAST_APPLIED),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
};

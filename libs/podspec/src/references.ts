import { createHash } from "node:crypto";
import type { Pod } from "@tideway/k8s";

export type PodSpec = NonNullable<Pod["spec"]>;
export type Container = PodSpec["containers"][number];
type Volume = NonNullable<PodSpec["volumes"]>[number];

/** A token that a projected volume of the pod asks for. */
export interface TokenProjection {
  /** Key in the Secret that carries the pod's tokens. */
  key: string;
  audience?: string;
  /** Seconds; Kubernetes' default is 3,600, and least 600. */
  expirationSeconds: number;
}

/** What a pod needs beside itself, by local names. */
export interface References {
  configMaps: ReadonlySet<string>;
  secrets: ReadonlySet<string>;
  tokens: readonly TokenProjection[];
}

/** Every namespace has this ConfigMap with its own cluster's CA, so the consumer's crosses under another name. */
const ROOT_CA = "kube-root-ca.crt";
export const remoteConfigMapName = (name: string): string => (name === ROOT_CA ? `tideway-${ROOT_CA}` : name);

const TOKENS_PREFIX = "tideway-tokens-";
const MAX_NAME = 253;
/** The Secret in the twin namespace that carries the tokens of the pod's projected volumes. */
export const tokenSecretName = (podName: string): string => {
  const name = TOKENS_PREFIX + podName;
  if (name.length <= MAX_NAME) return name;
  return `${name.slice(0, MAX_NAME - 9)}-${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
};
/** Key in the same Secret: the pod's namespace, for clients that find it beside their token. */
export const NAMESPACE_KEY = "namespace";
export const tokenKey = (volume: string, source: number): string => `${volume}.${source}`;

/**
 * The volume that the ServiceAccount admission adds to each pod; of use over there only to a pod that may talk to the
 * consumer's API server.
 */
export const isDefaultTokenVolume = (v: Volume): boolean =>
  v.name.startsWith("kube-api-access-") &&
  (v.projected?.sources ?? []).some((s) => s.serviceAccountToken !== undefined);

/** The claim that Kubernetes makes for a volume of type `ephemeral` (KEP-1698). */
export const ephemeralClaimName = (podName: string, volume: string): string => `${podName}-${volume}`;

/** The claims that the pod mounts. */
export const claimsOf = (pod: Readonly<Pod>): string[] =>
  (pod.spec?.volumes ?? []).flatMap((v) =>
    v.ephemeral
      ? [ephemeralClaimName(pod.metadata.name, v.name)]
      : (v.persistentVolumeClaim?.claimName ?? []),
  );

export const allContainers = (spec: PodSpec): Container[] =>
  spec.initContainers ? [...spec.initContainers, ...spec.containers] : spec.containers;

const ofContainer = (c: Container, configMaps: Set<string>, secrets: Set<string>): void => {
  for (const { configMapRef, secretRef } of c.envFrom ?? []) {
    if (configMapRef?.name) configMaps.add(configMapRef.name);
    if (secretRef?.name) secrets.add(secretRef.name);
  }
  for (const { valueFrom } of c.env ?? []) {
    if (valueFrom?.configMapKeyRef?.name) configMaps.add(valueFrom.configMapKeyRef.name);
    if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name);
  }
};

const ofVolume = (
  v: Volume,
  configMaps: Set<string>,
  secrets: Set<string>,
  tokens: TokenProjection[],
  o: { defaultToken?: boolean },
): void => {
  if (v.configMap?.name) configMaps.add(v.configMap.name);
  if (v.secret?.secretName) secrets.add(v.secret.secretName);
  if (!v.projected || (isDefaultTokenVolume(v) && !o.defaultToken)) return;
  for (const [i, source] of (v.projected.sources ?? []).entries()) {
    if (source.configMap?.name) configMaps.add(source.configMap.name);
    if (source.secret?.name) secrets.add(source.secret.name);
    const token = source.serviceAccountToken;
    if (token)
      tokens.push({
        key: tokenKey(v.name, i),
        expirationSeconds: token.expirationSeconds ?? 3600,
        ...(token.audience ? { audience: token.audience } : {}),
      });
  }
};

/**
 * The ConfigMaps, Secrets and tokens that the consumer's pod refers to; `defaultToken`: the token that every pod gets
 * crosses too.
 */
export const references = (spec: PodSpec, o: { defaultToken?: boolean } = {}): References => {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  const tokens: TokenProjection[] = [];
  for (const { name } of spec.imagePullSecrets ?? []) if (name) secrets.add(name);
  for (const c of allContainers(spec)) ofContainer(c, configMaps, secrets);
  for (const v of spec.volumes ?? []) ofVolume(v, configMaps, secrets, tokens, o);
  return { configMaps, secrets, tokens };
};

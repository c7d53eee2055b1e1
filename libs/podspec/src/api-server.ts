import type { Container, PodSpec } from "./references.ts";

/** Where a pod over there finds the consumer's API server. */
export interface ApiServerAccess {
  /** As the provider's pods reach it; at least one. */
  addresses: readonly string[];
  port: number;
}

/** Every serving certificate of Kubernetes has this name, so clients may check it as they always do. */
const HOST = "kubernetes.default.svc";
const NAMES = [HOST, "kubernetes.default", "kubernetes", "kubernetes.default.svc.cluster.local"];

const withEnv = (c: Container, port: number): Container => {
  const env = [
    { name: "KUBERNETES_SERVICE_HOST", value: HOST },
    { name: "KUBERNETES_SERVICE_PORT", value: String(port) },
    { name: "KUBERNETES_SERVICE_PORT_HTTPS", value: String(port) },
  ];
  const said = new Set(c.env?.map((e) => e.name));
  return { ...c, env: [...env.filter((e) => !said.has(e.name)), ...(c.env ?? [])] };
};

/** What a client in the pod looks at, pointed at the consumer instead of the provider. */
export const withApiServer = (spec: PodSpec, { addresses, port }: ApiServerAccess): PodSpec => ({
  ...spec,
  hostAliases: [...(spec.hostAliases ?? []), ...addresses.map((ip) => ({ ip, hostnames: [...NAMES] }))],
  containers: spec.containers.map((c) => withEnv(c, port)),
  ...(spec.initContainers ? { initContainers: spec.initContainers.map((c) => withEnv(c, port)) } : {}),
});

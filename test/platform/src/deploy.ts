import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { attachCluster, type Cluster, NATS_IMAGE } from "@tideway/sandbox";

const exec = promisify(execFile);
const root = resolve(import.meta.dirname, "../../..");

/** The NodePort of overlays/sandbox under which peers find the auth service. */
const AUTH_PORT = 30443;

export const services = [
  "discovery",
  "auth",
  "negotiator",
  "replicator",
  "virtual-kubelet",
  "admission",
  "network-manager",
  "gateway",
  "route-agent",
  "storage-fabric",
] as const;
/** Services that a component adds. */
export const COMPONENTS = { "mdns-agent": "discovery-mdns" } as const;
export type ComponentService = keyof typeof COMPONENTS;
export type ServiceName = (typeof services)[number] | ComponentService;

export interface Place {
  kind: "Deployment" | "DaemonSet";
  namespace: "tideway-system" | "tideway-network";
}
const PLACES: Partial<Record<ServiceName, Place>> = {
  gateway: { kind: "Deployment", namespace: "tideway-network" },
  "route-agent": { kind: "DaemonSet", namespace: "tideway-network" },
  "mdns-agent": { kind: "Deployment", namespace: "tideway-network" },
};
/** What runs a service, and where: the agents of the data path live apart. */
export const placeOf = (service: ServiceName): Place =>
  PLACES[service] ?? { kind: "Deployment", namespace: "tideway-system" };

/** Waits until a service that was just applied runs everywhere as it was applied. */
export const rolledOut = (cluster: Cluster, service: ServiceName): Promise<string> => {
  const { kind, namespace } = placeOf(service);
  const what = `${kind.toLowerCase()}/${service}`;
  return cluster.kubectl("-n", namespace, "rollout", "status", what, "--timeout=180s");
};

/** Changes when a service's bundle does, so that `apply` rolls out just the services that changed. */
const buildHash = (service: string): string => {
  const dir = join(root, "dist/services", service);
  const hash = createHash("sha256");
  for (const file of readdirSync(dir)
    .filter((f) => f.endsWith(".js"))
    .sort())
    hash.update(readFileSync(join(dir, file)));
  return hash.digest("hex").slice(0, 12);
};

/** What a component's service gets besides: its environment. */
export type Extra = Partial<Record<ComponentService, Record<string, string>>>;

const environment = (
  name: ServiceName,
  env: Record<string, string>,
): string => `  - target: {kind: ${placeOf(name).kind}, name: ${name}}
    patch: |-
      apiVersion: apps/v1
      kind: ${placeOf(name).kind}
      metadata: {name: ${name}}
      spec: {template: {spec: {containers: [{name: ${name}, env: ${JSON.stringify(Object.entries(env).map(([key, value]) => ({ name: key, value })))}}]}}}`;

const kustomization = (cluster: Cluster, dir: string, extra: Extra): string => {
  const overlay = relative(dir, join(root, "deploy/overlays/sandbox"));
  const added = Object.keys(extra) as ComponentService[];
  const components = added.map((name) => relative(dir, join(root, "deploy/components", COMPONENTS[name])));
  const all: ServiceName[] = [...services, ...added];
  const builds = all.map(
    (name) => `  - target: {kind: ${placeOf(name).kind}, name: ${name}}
    patch: |-
      apiVersion: apps/v1
      kind: ${placeOf(name).kind}
      metadata: {name: ${name}}
      spec: {template: {metadata: {annotations: {tideway.dev/build: "${buildHash(name)}"}}}}`,
  );
  const patches = [...builds, ...added.map((name) => environment(name, extra[name] ?? {}))];
  return `# Generated for the sandbox's cluster ${cluster.name}.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ${overlay}
  - bus
${components.length > 0 ? `components:\n${components.map((c) => `  - ${c}`).join("\n")}\n` : ""}configMapGenerator:
  - name: tideway-cluster
    namespace: tideway-system
    literals:
      - clusterName=${cluster.name}
      - apiServer=${cluster.apiServer}
      - authEndpoint=${cluster.nodeAddress}:${AUTH_PORT}
generatorOptions:
  disableNameSuffixHash: true
images:
  - name: tideway.local/nats
    newTag: ${NATS_IMAGE.split(":")[1]}
patches:
${patches.join("\n")}
`;
};

/** Deploys Tideway on a cluster of the sandbox by `kubectl apply -k` and waits until every service is available. */
export const deployTideway = async (
  cluster: Cluster,
  report: (step: string) => void = () => {},
  extra: Extra = {},
): Promise<void> => {
  const dir = join(dirname(cluster.kubeconfig), "deploy", cluster.name);
  mkdirSync(dir, { recursive: true });
  await exec(process.execPath, [join(root, "hack/bus-credentials.ts"), "--out", join(dir, "bus")]);
  writeFileSync(join(dir, "kustomization.yaml"), kustomization(cluster, dir, extra));
  await cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", join(root, "deploy/base/crds"));
  await cluster.kubectl(
    "wait",
    "--for=condition=Established",
    "--timeout=60s",
    "crd",
    "-l",
    "app.kubernetes.io/part-of=tideway",
  );
  await cluster.kubectl("apply", "-k", dir);
  report(`${cluster.name}: applied`);
  await cluster.kubectl("-n", "tideway-system", "rollout", "status", "statefulset/bus", "--timeout=180s");
  const all = [...services, ...(Object.keys(extra) as ComponentService[])];
  await Promise.all(all.map((name) => rolledOut(cluster, name)));
  report(`${cluster.name}: every service available`);
};

export const attach = (name: string): Promise<Cluster> => attachCluster(name);
export const checkout = root;

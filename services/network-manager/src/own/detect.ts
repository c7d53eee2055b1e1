/** The networks of this cluster: told, or read from what set the cluster up. Asked in order, the first answer counts. */
import { isForbidden, isNotFound } from "@tideway/errors";
import { configMaps, type Kube, type Node, nodes, type Pod, pods, services } from "@tideway/k8s";
import { formatPrefix, parsePrefix, prefixAround } from "@tideway/net";
import { serviceCIDRs } from "../kinds.ts";
import { clusterNetworkOf, type Family, familyOf, subnetOf } from "./family.ts";

export interface Told {
  /** One network, or one of each family separated by commas: the first one counts. */
  podCIDR?: string | undefined;
  serviceCIDR?: string | undefined;
}
export interface Detected {
  podCIDR: string;
  serviceCIDRs: string[];
  /** Where both were found, for the log. */
  source: { pods: string; services: string };
}
type Reader = Pick<Kube, "list" | "find">;
interface Found {
  value: string;
  source: string;
}

const first = (list: string): string => list.split(",")[0]?.trim() ?? "";
const all = (list: string): string[] =>
  list
    .split(",")
    .map((p) => p.trim())
    .filter(Boolean);

/** What may not be allowed, or not exist here, is no answer. */
const quietly = async <T>(ask: () => Promise<T>, otherwise: T): Promise<T> => {
  try {
    return await ask();
  } catch (err) {
    if (isNotFound(err) || isForbidden(err)) return otherwise;
    throw err;
  }
};

/** The value of an argument `--name=value` of the pod. */
export const argument = (pod: Pick<Pod, "spec">, name: string): string | undefined => {
  const words = (pod.spec?.containers ?? []).flatMap((c) => [...(c.command ?? []), ...(c.args ?? [])]);
  const at = words.findIndex((w) => w === name || w.startsWith(`${name}=`));
  if (at < 0) return undefined;
  const word = words[at] ?? "";
  return word.includes("=") ? word.slice(name.length + 1) : words[at + 1];
};

const fromControllerManager = async (kube: Reader, name: string): Promise<Found | undefined> => {
  const found = await quietly(
    () => kube.list(pods, { namespace: "kube-system", labelSelector: "component=kube-controller-manager" }),
    [],
  );
  const value = found.map((p) => argument(p, name)).find(Boolean);
  return value ? { value, source: `kube-controller-manager ${name}` } : undefined;
};

const fromConfigMap = async (
  kube: Reader,
  name: string,
  file: string,
  path: readonly string[],
): Promise<Found | undefined> => {
  const map = await quietly(() => kube.find(configMaps, name, "kube-system"), undefined);
  const text = map?.data?.[file];
  if (text === undefined) return undefined;
  const { parse } = await import("yaml"); // once at start, and only where it is wanted
  let value: unknown = parse(text);
  for (const key of path) value = (value as Record<string, unknown> | null | undefined)?.[key];
  return typeof value === "string" && value ? { value, source: `ConfigMap kube-system/${name}` } : undefined;
};

const fromNodes = async (kube: Reader, avoid: readonly string[]): Promise<Found | undefined> => {
  const list = await kube.list(nodes);
  const slices = list.flatMap((n) => n.spec?.podCIDR ?? []);
  const addresses = list.flatMap((n) => nodeAddresses(n)).map(subnetOf);
  const value = clusterNetworkOf(slices, [...avoid, ...addresses]);
  return value ? { value, source: "podCIDR of the nodes" } : undefined;
};

export const nodeAddresses = (n: Pick<Node, "status">): string[] =>
  (n.status?.addresses ?? [])
    .filter((a) => (a.type === "InternalIP" || a.type === "ExternalIP") && /^[0-9a-fA-F.:]+$/.test(a.address))
    .map((a) => a.address);

const firstOf = async (asks: (() => Promise<Found | undefined>)[]): Promise<Found | undefined> => {
  for (const ask of asks) {
    const found = await ask();
    if (found) return found;
  }
  return undefined;
};

const told = (value: string | undefined, variable: string) => (): Promise<Found | undefined> =>
  Promise.resolve(value ? { value, source: variable } : undefined);

/** Of the API (Kubernetes 1.33); undefined where it is not served. */
const fromServiceCIDRs = async (kube: Reader): Promise<Found | undefined> => {
  const list = await quietly(() => kube.list(serviceCIDRs), []);
  const value = list.flatMap((s) => s.spec.cidrs).join(",");
  return value ? { value, source: "ServiceCIDR" } : undefined;
};

/** How large service networks usually are: what is reserved around the API server's address when nobody knows. */
const USUAL_SERVICES: Record<Family, number> = { 4: 12, 6: 108 };
const fromKubernetesService = async (kube: Reader): Promise<Found | undefined> => {
  const service = await quietly(() => kube.find(services, "kubernetes", "default"), undefined);
  const ip = service?.spec?.clusterIP;
  if (!ip || ip === "None") return undefined;
  const value = formatPrefix(prefixAround(ip, USUAL_SERVICES[ip.includes(":") ? 6 : 4]));
  return { value, source: "around the address of Service default/kubernetes" };
};

/** Undefined while nobody knows the pods' network: then it has to be told. */
export const detect = async (kube: Reader, t: Told): Promise<Detected | undefined> => {
  const cluster = ["networking"];
  const servicesFound = await firstOf([
    told(t.serviceCIDR, "serviceCIDR of ConfigMap tideway-cluster"),
    () => fromServiceCIDRs(kube),
    () => fromControllerManager(kube, "--service-cluster-ip-range"),
    () => fromConfigMap(kube, "kubeadm-config", "ClusterConfiguration", [...cluster, "serviceSubnet"]),
    () => fromKubernetesService(kube),
  ]);
  const serviceNets = all(servicesFound?.value ?? "");
  const podsFound = await firstOf([
    told(t.podCIDR, "podCIDR of ConfigMap tideway-cluster"),
    () => fromControllerManager(kube, "--cluster-cidr"),
    () => fromConfigMap(kube, "kubeadm-config", "ClusterConfiguration", [...cluster, "podSubnet"]),
    () => fromConfigMap(kube, "kube-proxy", "config.conf", ["clusterCIDR"]),
    () => fromNodes(kube, serviceNets),
  ]);
  if (!podsFound) return undefined;
  const podCIDR = formatPrefix(parsePrefix(first(podsFound.value)));
  return {
    podCIDR,
    serviceCIDRs: serviceNets.filter((p) => familyOf(p) === familyOf(podCIDR)),
    source: { pods: podsFound.source, services: servicesFound?.source ?? "unknown" },
  };
};

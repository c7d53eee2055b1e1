import type { Service } from "@tideway/k8s";

export interface ServiceCopy {
  labels: Record<string, string>;
  spec: NonNullable<Service["spec"]>;
}

/** Names that mean something else, or something of the owner's, in the provider's cluster. It would refuse them. */
const INTERNAL_NAME = /(^|\.)(localhost|svc|svc\..*|cluster\.local)\.?$/i;
const OWN = /(^|\.)tideway\.dev\//;

/** Labels of an object here that its copy has too. */
export const labelsOf = (labels: Readonly<Record<string, string>> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => !OWN.test(key)));

type Set<T> = { [K in keyof T]: Exclude<T[K], undefined> };
const compact = <T extends object>(o: T): Set<T> =>
  Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null)) as Set<T>;

type Port = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];
const portOf = ({ name, protocol, port, targetPort, appProtocol }: Port): Port =>
  compact({ name, protocol, port, targetPort, appProtocol });

export const isApiServer = ({ metadata: { name, namespace } }: Readonly<Service>): boolean =>
  namespace === "default" && name === "kubernetes";

/** Why a Service has no copy at the provider; undefined: it has one. */
export const whyNotCopied = (s: Readonly<Service>): string | undefined => {
  if (isApiServer(s)) return "it is this cluster's API server";
  if (s.spec?.type !== "ExternalName") return undefined;
  return INTERNAL_NAME.test(s.spec.externalName ?? "")
    ? `${s.spec.externalName ?? ""} is a name inside this cluster`
    : undefined;
};

/**
 * The Service as it is made in the twin namespace. The selector stays: the provider's own controller serves the pods
 * that run there, and is quicker about it than any word of ours. Whatever opens a door of the provider's cluster (node
 * ports, load balancers, external and chosen addresses) stays here, and so do annotations, which speak to controllers.
 */
export const copyOfService = (s: Readonly<Service>): ServiceCopy | undefined => {
  if (!s.spec || whyNotCopied(s) !== undefined) return undefined;
  const labels = labelsOf(s.metadata.labels);
  const ports = (s.spec.ports ?? []).map(portOf);
  if (s.spec.type === "ExternalName")
    return {
      labels,
      spec: compact({
        type: "ExternalName",
        externalName: s.spec.externalName,
        ports: ports.length > 0 ? ports : undefined,
      }),
    };
  const { selector, sessionAffinity, sessionAffinityConfig, publishNotReadyAddresses } = s.spec;
  const { internalTrafficPolicy, trafficDistribution, clusterIP } = s.spec;
  return {
    labels,
    spec: compact({
      type: "ClusterIP",
      clusterIP: clusterIP === "None" ? "None" : undefined,
      ipFamilyPolicy: "SingleStack",
      selector,
      ports: ports.length > 0 ? ports : undefined,
      sessionAffinity,
      sessionAffinityConfig,
      publishNotReadyAddresses,
      internalTrafficPolicy,
      trafficDistribution,
    }),
  };
};

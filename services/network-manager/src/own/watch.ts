/** What this cluster's own networks are, kept current. */
import { isNotFound } from "@tideway/errors";
import { type Informer, informer, type Kube, type KubeObject, nodes, pods, type Pod } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { serviceCIDRs } from "../kinds.ts";
import { detect, type Detected, type Told } from "./detect.ts";
import { subnetOf } from "./family.ts";
import { reachedAt, realAddresses, slim, type SlimNode } from "./nodes.ts";

export interface OwnNetworks {
  podCIDR: string;
  /** Pods, Services, the nodes' subnets: never given away. */
  busy(): string[];
  /** Hosts under which ready nodes are reached. */
  hosts(): string[];
  /** Hosts that run a gateway; empty unless they are watched. */
  gatewayHosts(): string[];
  onChange(handler: () => void): void;
}

export interface OwnOptions {
  kube: Kube;
  told: Told;
  watchGateways: boolean;
  networkNamespace: string;
  log: Logger;
  signal: AbortSignal;
  watch: <T extends KubeObject>(i: Informer<T>, what: string) => Informer<T>;
}

const RETRY_MS = 2_000;

/** Waits until the networks are known: without them nothing can be said to a peer. */
const known = async (o: OwnOptions): Promise<Detected> => {
  for (;;) {
    const found = await detect(o.kube, o.told);
    if (found) return found;
    o.log.warn(
      "the network of the pods is not known: set podCIDR in ConfigMap tideway-cluster; looking again",
    );
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    o.signal.throwIfAborted();
  }
};

const servesServiceCIDRs = async (kube: Kube): Promise<boolean> => {
  try {
    await kube.list(serviceCIDRs);
    return true;
  } catch (err) {
    if (isNotFound(err)) return false;
    throw err;
  }
};

export const watchOwn = async (o: OwnOptions): Promise<OwnNetworks> => {
  const [found, hasServiceCIDRs] = await Promise.all([known(o), servesServiceCIDRs(o.kube)]);
  o.log.info({ podCIDR: found.podCIDR, serviceCIDRs: found.serviceCIDRs, ...found.source }, "own networks");
  const handlers: (() => void)[] = [];
  const nodeCache = o.watch(
    informer<SlimNode>(o.kube, nodes as never, { transform: slim as unknown as (n: SlimNode) => SlimNode }),
    "nodes",
  );
  const serviceCache = hasServiceCIDRs ? o.watch(informer(o.kube, serviceCIDRs), "servicecidrs") : undefined;
  const gatewayCache = o.watchGateways
    ? o.watch(
        informer<Pod>(o.kube, pods, {
          namespace: o.networkNamespace,
          labelSelector: "app.kubernetes.io/name=gateway",
        }),
        "gateways",
      )
    : undefined;
  await Promise.all([nodeCache.synced, serviceCache?.synced, gatewayCache?.synced]);

  const own: OwnNetworks = {
    podCIDR: found.podCIDR,
    busy: () => [
      ...new Set([
        found.podCIDR,
        ...found.serviceCIDRs,
        ...(serviceCache?.list() ?? []).flatMap((s) => s.spec.cidrs),
        ...realAddresses(nodeCache.list()).map(subnetOf),
      ]),
    ],
    hosts: () => reachedAt(nodeCache.list()),
    gatewayHosts: () =>
      [
        ...new Set(
          (gatewayCache?.list() ?? [])
            .filter((p) => !p.metadata.deletionTimestamp)
            .flatMap((p) => p.status?.hostIP ?? []),
        ),
      ].sort(),
    onChange: (handler) => void handlers.push(handler),
  };
  // Nodes are written every few seconds; only what matters here wakes anybody.
  const fingerprint = (): string => JSON.stringify([own.busy().sort(), own.hosts(), own.gatewayHosts()]);
  let last = fingerprint();
  const look = (): void => {
    const now = fingerprint();
    if (now === last) return;
    last = now;
    for (const handler of handlers) handler();
  };
  nodeCache.onChange(look);
  serviceCache?.onChange(look);
  gatewayCache?.onChange(look);
  return own;
};

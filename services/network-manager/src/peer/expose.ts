/** How peers reach the gateway of one tunnel: a Service without selector, whose EndpointSlice the gateway writes. */
import { tunnelName } from "@tideway/api";
import { type Kube, type Service, services } from "@tideway/k8s";
import { FIRST_LISTEN_PORT } from "@tideway/net";
import type { Exposure } from "../config.ts";
import type { Cache } from "../ports.ts";
import { labelsOf } from "./ring.ts";

export const FIELD_MANAGER = "network-manager";

/** Ports of the Service: odd and even generations of keys, so that two tunnels stand side by side while keys rotate. */
export const PORTS = [
  { name: "odd", port: FIRST_LISTEN_PORT },
  { name: "even", port: FIRST_LISTEN_PORT + 1 },
] as const;

/** As many as the component gateway-hostport opens: two a peer. */
const HOST_PORTS = 16;

const TYPES: Record<Exposure, "NodePort" | "LoadBalancer" | undefined> = {
  NodePort: "NodePort",
  LoadBalancer: "LoadBalancer",
  HostPort: undefined,
  None: undefined,
};

export interface Exposing {
  exposure: Exposure;
  namespace: string;
  kube: Pick<Kube, "apply" | "delete">;
  services: Cache<Service>;
  /** Hosts of the nodes, and of those that run a gateway. */
  hosts: () => readonly string[];
  gatewayHosts: () => readonly string[];
}

const portsOf = (
  listenPort: number,
): { name: string; port: number; protocol: string; targetPort: number }[] =>
  PORTS.map(({ name, port }, i) => ({ name, port, protocol: "UDP", targetPort: listenPort + i }));

const isAsWanted = (s: Readonly<Service>, type: string, listenPort: number): boolean =>
  s.spec?.type === type &&
  portsOf(listenPort).every((want) =>
    s.spec?.ports?.some(
      (p) => p.name === want.name && p.port === want.port && p.targetPort === want.targetPort,
    ),
  ) &&
  s.spec.ports?.length === PORTS.length;

/** Undefined where this exposure needs none. */
export const ensureService = async (
  e: Exposing,
  peer: { id: string; name: string },
  listenPort: number,
  signal: AbortSignal,
): Promise<Readonly<Service> | undefined> => {
  const name = tunnelName(peer.name);
  const had = e.services.get(`${e.namespace}/${name}`);
  const type = TYPES[e.exposure];
  if (type === undefined) {
    if (had) await e.kube.delete(services, name, e.namespace, { signal });
    return undefined;
  }
  if (had && !had.metadata.deletionTimestamp && isAsWanted(had, type, listenPort)) return had;
  return e.kube.apply(
    services,
    {
      metadata: { name, namespace: e.namespace, labels: labelsOf(peer.id, peer.name) },
      spec: { type, ports: portsOf(listenPort) },
    },
    { fieldManager: FIELD_MANAGER, signal },
  );
};

const at = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** Where the peer may call the tunnel of this generation; none where it may not, or where it is not known yet. */
export const endpointsOf = (
  e: Pick<Exposing, "exposure" | "hosts" | "gatewayHosts">,
  service: Readonly<Service> | undefined,
  listenPort: number,
  generation: number,
): string[] => {
  const parity = generation % 2 === 1 ? 0 : 1;
  const port = service?.spec?.ports?.find((p) => p.name === PORTS[parity].name);
  switch (e.exposure) {
    case "None":
      return [];
    case "HostPort":
      // A port that no host forwards is not told: the peer would call in vain, and may let us call it.
      return listenPort < FIRST_LISTEN_PORT + HOST_PORTS
        ? e.gatewayHosts().map((h) => at(h, listenPort + parity))
        : [];
    case "NodePort":
      return port?.nodePort ? e.hosts().map((h) => at(h, port.nodePort!)) : [];
    case "LoadBalancer": {
      const ingress = service?.status?.loadBalancer?.ingress ?? [];
      return port ? ingress.flatMap((i) => i.ip ?? i.hostname ?? []).map((h) => at(h, port.port)) : [];
    }
  }
};

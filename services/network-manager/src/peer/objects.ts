/** What is written for a peer: each an apply that is left out where nothing would change, or a delete. */
import { isDeepStrictEqual } from "node:util";
import {
  isCopy,
  make,
  type NetworkConfig,
  type NetworkConfigSpec,
  networkConfigs,
  sameConditions,
  setCondition,
  TRACEPARENT,
  type TunnelEndpoint,
  tunnelEndpoints,
  tunnelName,
} from "@tideway/api";
import { endpointSlices, type Kube, secrets, services } from "@tideway/k8s";
import type { Cache, Clock } from "../ports.ts";
import type { Line } from "./describe.ts";
import { FIELD_MANAGER } from "./expose.ts";
import type { TunnelFact, TunnelSpec } from "./model.ts";
import { labelsOf } from "./ring.ts";
import { ROTATE } from "./rotation.ts";

export interface Writer {
  kube: Pick<Kube, "apply" | "delete" | "patch" | "list">;
  clusterID: string;
  networkNamespace: string;
  configs: Cache<NetworkConfig>;
  tunnels: Cache<TunnelEndpoint>;
  clock: Clock;
}
export interface Target {
  id: string;
  name: string;
  signal: AbortSignal;
  traceparent?: string | undefined;
}

const uidOf = (o: { metadata: { uid?: string } } | undefined): { uid?: string } =>
  o?.metadata.uid ? { uid: o.metadata.uid } : {};

/** Endpoints are a set: the API server may give them in another order. */
const comparable = (spec: NetworkConfigSpec): unknown => ({
  ...spec,
  keys: spec.keys.map((k) => ({ ...k, endpoints: [...(k.endpoints ?? [])].sort() })),
});

/** Said in the namespace of one direction. */
export const writeConfig = async (
  w: Writer,
  t: Target,
  namespace: string,
  spec: NetworkConfigSpec,
): Promise<void> => {
  const had = w.configs.get(`${namespace}/${w.clusterID}`);
  if (had && isCopy(had)) return; // a peer took our name: it is refused for that, and what it brought is its own
  if (had?.metadata.deletionTimestamp) return; // its end wakes us, then it is made anew
  if (had && isDeepStrictEqual(comparable(had.spec), comparable(spec))) return;
  // Written once: what it says does not change with each look at it.
  const trace = had?.metadata.annotations?.[TRACEPARENT] ?? t.traceparent;
  await w.kube.apply(
    networkConfigs,
    make(networkConfigs, {
      metadata: {
        name: w.clusterID,
        namespace,
        ...uidOf(had),
        labels: labelsOf(t.id, t.name),
        ...(trace ? { annotations: { [TRACEPARENT]: trace } } : {}),
      },
      spec,
    }),
    { fieldManager: FIELD_MANAGER, signal: t.signal },
  );
};

const tunnelOf = (w: Writer, t: Target): Readonly<TunnelEndpoint> | undefined =>
  w.tunnels.get(`${w.networkNamespace}/${tunnelName(t.name)}`);

export const writeTunnel = async (w: Writer, t: Target, spec: TunnelSpec): Promise<void> => {
  const had = tunnelOf(w, t);
  if (had?.metadata.deletionTimestamp) return;
  if (had && isDeepStrictEqual(had.spec, spec)) return;
  await w.kube.apply(
    tunnelEndpoints,
    make(tunnelEndpoints, {
      metadata: {
        name: tunnelName(t.name),
        namespace: w.networkNamespace,
        ...uidOf(had),
        labels: labelsOf(t.id, t.name),
      },
      spec,
    }),
    { fieldManager: FIELD_MANAGER, signal: t.signal },
  );
};

type TunnelStatus = NonNullable<TunnelEndpoint["status"]>;

/** What moves all the time (handshake, latency) is written along with what changed, never for its own sake. */
const steady = ({ gateway, node, implementation, endpoint, observedGeneration }: TunnelStatus): unknown => ({
  gateway,
  node,
  implementation,
  endpoint,
  observedGeneration,
});

export const writeTunnelStatus = async (
  w: Writer,
  t: Target,
  line: Line,
  fact: TunnelFact | undefined,
): Promise<void> => {
  const had = tunnelOf(w, t);
  if (!had || had.metadata.deletionTimestamp) return;
  const { generation } = had.metadata;
  const seen = fact && fact.state !== "GONE" ? fact : undefined;
  const implementation = seen?.implementation;
  const condition = setCondition(
    had.status?.conditions,
    { type: "Ready", ...line, ...(generation === undefined ? {} : { observedGeneration: generation }) },
    w.clock.now().toISOString(),
  );
  const status: TunnelStatus = {
    conditions: [condition],
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(seen?.gateway ? { gateway: seen.gateway } : {}),
    ...(seen?.gatewayNode ? { node: seen.gatewayNode } : {}),
    ...(implementation === "kernel" || implementation === "userspace" ? { implementation } : {}),
    ...(seen?.endpoint ? { endpoint: seen.endpoint } : {}),
    ...(seen?.lastHandshake ? { lastHandshake: seen.lastHandshake } : {}),
    ...(seen?.state === "CONNECTED" ? { latencyMs: Math.round(seen.latencyMs) } : {}),
  };
  const isSaid =
    sameConditions(had.status?.conditions, status.conditions) &&
    isDeepStrictEqual(steady(had.status ?? {}), steady(status));
  if (isSaid) return;
  await w.kube.apply(
    tunnelEndpoints,
    { metadata: { name: had.metadata.name, namespace: w.networkNamespace, ...uidOf(had) }, status },
    { fieldManager: FIELD_MANAGER, subresource: "status", signal: t.signal },
  );
};

/** Tells, at what the peer announces, whether it is used here. */
export const writeAcceptance = async (
  w: Writer,
  config: Readonly<NetworkConfig>,
  line: Line,
  signal: AbortSignal,
): Promise<void> => {
  const { name, namespace, generation, deletionTimestamp } = config.metadata;
  if (deletionTimestamp) return;
  const condition = setCondition(
    config.status?.conditions,
    { type: "Ready", ...line, ...(generation === undefined ? {} : { observedGeneration: generation }) },
    w.clock.now().toISOString(),
  );
  if (sameConditions(config.status?.conditions, [condition])) return;
  await w.kube.apply(
    networkConfigs,
    {
      metadata: { name, ...(namespace ? { namespace } : {}), ...uidOf(config) },
      status: {
        conditions: [condition],
        ...(generation === undefined ? {} : { observedGeneration: generation }),
      },
    },
    { fieldManager: FIELD_MANAGER, subresource: "status", signal },
  );
};

/** New keys are made: the order is carried out. */
export const dropRotateOrder = async (w: Writer, tunnel: Readonly<TunnelEndpoint>, signal: AbortSignal) => {
  if (tunnel.metadata.annotations?.[ROTATE] === undefined) return;
  await w.kube.patch(
    tunnelEndpoints,
    tunnel.metadata.name,
    tunnel.metadata.namespace,
    { metadata: { annotations: { [ROTATE]: null } } },
    { signal },
  );
};

export const deleteExchange = async (
  w: Writer,
  configs: readonly Readonly<NetworkConfig>[],
  tunnels: readonly Readonly<TunnelEndpoint>[],
  signal: AbortSignal,
): Promise<void> => {
  const standing = <T extends { metadata: { deletionTimestamp?: string } }>(list: readonly T[]): T[] =>
    list.filter((o) => !o.metadata.deletionTimestamp);
  await Promise.all([
    ...standing(configs).map((c) =>
      w.kube.delete(networkConfigs, c.metadata.name, c.metadata.namespace, { signal, ...uidOf(c) }),
    ),
    ...standing(tunnels).map((t) =>
      w.kube.delete(tunnelEndpoints, t.metadata.name, t.metadata.namespace, { signal, ...uidOf(t) }),
    ),
  ]);
};

/** Keys, port, and the EndpointSlices that the gateway wrote for it. */
export const deleteExposure = async (w: Writer, name: string, signal: AbortSignal): Promise<void> => {
  const [own, namespace] = [tunnelName(name), w.networkNamespace];
  const slices = w.kube.list(endpointSlices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${own}`,
    signal,
  });
  await Promise.all([
    w.kube.delete(secrets, own, namespace, { signal }),
    w.kube.delete(services, own, namespace, { signal }),
    slices.then((list) =>
      Promise.all(list.map((s) => w.kube.delete(endpointSlices, s.metadata.name, namespace, { signal }))),
    ),
  ]);
};

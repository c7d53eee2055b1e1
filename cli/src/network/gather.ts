import { setTimeout as delay } from "node:timers/promises";
import {
  ADDRESS_POOL_NAME,
  addressPools,
  findCondition,
  foreignClusters,
  NETWORK_NAMESPACE,
  type TunnelEndpoint,
  tunnelEndpoints,
  tunnelName,
} from "@tideway/api";
import { describeError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { readGateway, type Sample, type TunnelMetrics, tunnelMetrics } from "./metrics.ts";
import type { NetworkStatus, Seen, TunnelStatus } from "./model.ts";
import { choosePeer } from "./tunnel.ts";

/** Between two looks at the byte counters. */
const RATE_MS = 1_000;

export interface Ask {
  peer?: string;
  now: number;
  signal: AbortSignal;
}

/** Reads the tunnels of a cluster, and what their gateways count where that is allowed. */
export const networkStatusOf = async (kube: Kube, ask: Ask): Promise<NetworkStatus> => {
  const { signal } = ask;
  const problems: string[] = [];
  const all = await kube.list(foreignClusters, { signal });
  const peers = ask.peer === undefined ? all : [choosePeer(all, ask.peer)];
  const [pool, endpoints] = await Promise.all([
    kube.find(addressPools, ADDRESS_POOL_NAME, undefined, { signal }).catch((err: unknown) => {
      if (signal.aborted) throw err;
      problems.push(`addresspools: ${describeError(err)}`);
      return undefined;
    }),
    kube.list(tunnelEndpoints, { namespace: NETWORK_NAMESPACE, signal }),
  ]);
  const found = peers.flatMap((p) => {
    const name = tunnelName(p.metadata.name);
    const endpoint = endpoints.find((e) => e.metadata.name === name);
    return endpoint ? [{ peer: p.metadata.name, endpoint }] : [];
  });
  for (const p of peers)
    if (!found.some((f) => f.peer === p.metadata.name) && p.spec.outgoingPeering === "Yes")
      problems.push(`tunnel to ${p.metadata.name}: there is none yet`);
  const gateways = [...new Set(found.flatMap(({ endpoint }) => endpoint.status?.gateway ?? []))];
  const counted = await countTwice(kube, gateways, problems, signal);
  const externalCIDR = pool?.status?.externalCIDR;
  return {
    ...(externalCIDR ? { externalCIDR } : {}),
    tunnels: found.map(({ peer, endpoint }) => {
      const { clusterID } = endpoint.spec;
      const gateway = counted.get(endpoint.status?.gateway ?? "");
      const of = (samples: Sample[] | undefined): TunnelMetrics =>
        tunnelMetrics(samples ?? [], peer, clusterID);
      return tunnelStatus(peer, endpoint, of(gateway?.[0]), of(gateway?.[1]), ask.now);
    }),
    problems,
  };
};

const countTwice = async (
  kube: Kube,
  gateways: string[],
  problems: string[],
  signal: AbortSignal,
): Promise<Map<string, [Sample[], Sample[]]>> => {
  const read = async (pod: string): Promise<Sample[] | undefined> =>
    await readGateway(kube, pod, signal).catch((err: unknown) => {
      if (signal.aborted) throw err;
      problems.push(`metrics of ${pod}: ${describeError(err)}`);
      return undefined;
    });
  const counted = new Map<string, [Sample[], Sample[]]>();
  await Promise.all(
    gateways.map(async (pod) => {
      const first = await read(pod);
      if (!first) return;
      await delay(RATE_MS, undefined, { signal });
      const second = await read(pod);
      if (second) counted.set(pod, [first, second]);
    }),
  );
  return counted;
};

const seen = (cidr: string, at: string | undefined): Seen => ({ cidr, ...(at ? { seenAt: at } : {}) });

const rate = (first: number | undefined, second: number | undefined): number | undefined =>
  first === undefined || second === undefined || second < first
    ? undefined
    : Math.round(((second - first) * 1_000) / RATE_MS);

/** Counters of the gateway go before what was written into the status a while ago. */
export const tunnelStatus = (
  peer: string,
  endpoint: TunnelEndpoint,
  first: TunnelMetrics,
  second: TunnelMetrics,
  now: number,
): TunnelStatus => {
  const { spec, status } = endpoint;
  const ready = findCondition(status?.conditions, "Ready");
  const written = status?.lastHandshake ? (now - Date.parse(status.lastHandshake)) / 1_000 : undefined;
  const optional: Partial<Record<keyof TunnelStatus, string | number | undefined>> = {
    gateway: status?.gateway,
    node: status?.node,
    implementation: status?.implementation,
    endpoint: status?.endpoint,
    latencyMs: second.latencyMs ?? status?.latencyMs,
    loss: second.loss,
    receivedBytes: second.receivedBytes,
    sentBytes: second.sentBytes,
    receivedBytesPerSecond: rate(first.receivedBytes, second.receivedBytes),
    sentBytesPerSecond: rate(first.sentBytes, second.sentBytes),
    handshakeAgeSeconds: second.handshakeAgeSeconds ?? written,
  };
  const known = Object.fromEntries(Object.entries(optional).filter(([, v]) => v !== undefined && v !== ""));
  const { local, remote } = spec;
  return {
    peer,
    clusterID: spec.clusterID,
    ready: ready?.status ?? "Unknown",
    reason: ready?.reason ?? "",
    message: ready?.message ?? "",
    mtu: spec.mtu,
    ...known,
    translation: {
      ourPods: seen(local.podCIDR, local.seenPodCIDR),
      ourExternal: seen(local.externalCIDR, local.seenExternalCIDR),
      ...(remote
        ? {
            theirPods: seen(remote.podCIDR, remote.seenPodCIDR),
            theirExternal: seen(remote.externalCIDR, remote.seenExternalCIDR),
          }
        : {}),
    },
  };
};

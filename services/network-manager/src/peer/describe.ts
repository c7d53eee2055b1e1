/** From what is known of a peer: what it is told, what others here are told, and the conditions. Pure. */
import type { ConditionInput, NetworkConfigSpec } from "@tideway/api";
import type { Link, NetworkFactInput, TunnelSpec } from "./model.ts";

/** What this side can do beyond the first version. */
const CAPABILITIES: string[] = [];

/** Generations that both sides have, oldest first. */
export const sharedGenerations = ({ keys, theirs }: Link): number[] => {
  const remote = new Set(theirs?.spec.keys.map((k) => k.generation));
  return keys
    .map((k) => k.generation)
    .filter((g) => remote.has(g))
    .sort((a, b) => a - b);
};

export const configSpec = ({ clusterID, own, keys, seen }: Link): NetworkConfigSpec => ({
  clusterID,
  podCIDR: own.podCIDR,
  externalCIDR: own.externalCIDR,
  keys: keys.map(({ generation, publicKey, endpoints }) => ({
    generation,
    publicKey,
    ...(endpoints.length > 0 ? { endpoints } : {}),
  })),
  mtu: own.mtu,
  ...(CAPABILITIES.length > 0 ? { capabilities: CAPABILITIES } : {}),
  ...(seen ? { mapping: seen } : {}),
});

const mtuOf = ({ own, theirs }: Link): number => Math.min(own.mtu, theirs?.spec.mtu ?? own.mtu);

export const tunnelSpec = (l: Link): TunnelSpec => {
  const { podCIDR, externalCIDR } = l.own;
  const mapping = l.theirs?.spec.mapping;
  return {
    clusterID: l.id,
    local: {
      podCIDR,
      externalCIDR,
      ...(mapping ? { seenPodCIDR: mapping.podCIDR, seenExternalCIDR: mapping.externalCIDR } : {}),
    },
    ...(l.theirs
      ? {
          remote: {
            podCIDR: l.theirs.spec.podCIDR,
            externalCIDR: l.theirs.spec.externalCIDR,
            ...(l.seen ? { seenPodCIDR: l.seen.podCIDR, seenExternalCIDR: l.seen.externalCIDR } : {}),
          },
        }
      : {}),
    listenPort: l.listenPort,
    mtu: mtuOf(l),
    secretName: l.secretName,
  };
};

type Judgement = { state: "PENDING" | "READY" | "REFUSED"; reason: string; message: string };

const judge = (l: Link): Judgement => {
  if (l.refusal) return { state: "REFUSED", ...l.refusal };
  const pending = (reason: string, message: string): Judgement => ({ state: "PENDING", reason, message });
  if (!l.theirs) return pending("Exchanging", `${l.name} has not told its networks yet`);
  if (!l.seen) return pending("Allocating", `addresses for the networks of ${l.name} are being taken`);
  if (!l.theirs.spec.mapping)
    return pending("Exchanging", `${l.name} has not told yet where it sees this cluster`);
  if (sharedGenerations(l).length === 0)
    return pending("KeysDiffer", `${l.name} and this cluster have no keys of the same generation yet`);
  return { state: "READY", reason: "Exchanged", message: `both sides know how they see each other` };
};

export const isReady = (l: Link): boolean => judge(l).state === "READY";

export const factOf = (l: Link): NetworkFactInput => {
  const generations = sharedGenerations(l);
  const remote = l.theirs?.spec;
  const byGeneration = (
    of: (k: NonNullable<typeof remote>["keys"][number]) => string,
  ): Record<string, string> =>
    Object.fromEntries(
      (remote?.keys ?? [])
        .filter((k) => generations.includes(k.generation))
        .map((k) => [String(k.generation), of(k)]),
    );
  return {
    clusterId: l.id,
    name: l.name,
    ...judge(l),
    localPodCidr: l.own.podCIDR,
    localPodSeenCidr: remote?.mapping?.podCIDR ?? "",
    localExternalCidr: l.own.externalCIDR,
    localExternalSeenCidr: remote?.mapping?.externalCIDR ?? "",
    remotePodCidr: remote?.podCIDR ?? "",
    remotePodSeenCidr: l.seen?.podCIDR ?? "",
    remoteExternalCidr: remote?.externalCIDR ?? "",
    remoteExternalSeenCidr: l.seen?.externalCIDR ?? "",
    generations: generations.map(String),
    remoteKeys: byGeneration((k) => k.publicKey),
    remoteEndpoints: byGeneration((k) => (k.endpoints ?? []).join(",")),
    listenPort: l.listenPort,
    secretName: l.secretName,
    mtu: mtuOf(l),
    consumer: l.consumer,
    provider: l.provider,
  };
};

export const goneFact = (id: string, name: string): NetworkFactInput => ({
  clusterId: id,
  name,
  state: "GONE",
});

export type Line = Pick<ConditionInput, "status" | "reason" | "message">;

/** Whether packets cross; one for the ForeignCluster and for the TunnelEndpoint. */
export const conditionOf = (l: Link): Line => {
  const judged = judge(l);
  if (judged.state === "REFUSED") return { status: "False", reason: judged.reason, message: judged.message };
  const t = l.tunnel;
  if (t?.state === "DISCONNECTED")
    return {
      status: "False",
      reason: t.reason || "Disconnected",
      message: t.message || "the tunnel is down",
    };
  if (judged.state === "PENDING")
    return { status: "Unknown", reason: judged.reason, message: judged.message };
  if (t?.state === "CONNECTED") {
    const at = t.endpoint ? ` at ${t.endpoint}` : "";
    return { status: "True", reason: "Connected", message: `the tunnel to ${l.name}${at} carries traffic` };
  }
  if (t?.state === "CONNECTING")
    return {
      status: "Unknown",
      reason: t.reason || "Connecting",
      message: t.message || "the tunnel is being set up",
    };
  return { status: "Unknown", reason: "NoGateway", message: "no gateway carries the tunnel yet" };
};

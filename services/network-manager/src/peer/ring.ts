/** The Secret with this side's keys for one peer. Created once, then changed with the resourceVersion that was read: two replicas never make two keys of one generation. */
import { PEER, REMOTE_CLUSTER_ID, tunnelName } from "@tideway/api";
import { isAlreadyExists } from "@tideway/errors";
import { type Kube, type Secret, secrets } from "@tideway/k8s";
import { FIRST_LISTEN_PORT } from "@tideway/net";
import type { Cache, Clock } from "../ports.ts";
import { type KeyPlan, newPrivateKey, publicKeyOf } from "./keys.ts";

/** UDP port of odd generations in the gateway's pod. */
export const LISTEN_PORT = "networking.tideway.dev/listen-port";
/** RFC 3339: when the newest key was made. */
export const KEYS_SINCE = "networking.tideway.dev/keys-since";

export interface KeyRing {
  /** Oldest first. */
  keys: { generation: number; publicKey: string }[];
  listenPort: number;
  /** When the newest key was made, ms since 1970. */
  since: number;
  secret: Readonly<Secret>;
}

export const labelsOf = (id: string, name: string): Record<string, string> => ({
  "app.kubernetes.io/part-of": "tideway",
  [REMOTE_CLUSTER_ID]: id,
  [PEER]: name,
});

const decode = (data: string): string => Buffer.from(data, "base64").toString("utf8").trim();
const encode = (text: string): string => Buffer.from(text).toString("base64");

const publicKeys = new Map<string, string>();
/** Deriving one costs a tenth of a millisecond, and every look at a peer wants it. */
const publicOf = (privateKey: string): string => {
  const known = publicKeys.get(privateKey) ?? publicKeyOf(privateKey);
  if (publicKeys.size > 4096) publicKeys.clear();
  publicKeys.set(privateKey, known);
  return known;
};

export const ringOf = (secret: Readonly<Secret>): KeyRing => ({
  keys: Object.entries(secret.data ?? {})
    .filter(([generation]) => /^[1-9]\d*$/.test(generation))
    .map(([generation, data]) => ({ generation: Number(generation), publicKey: publicOf(decode(data)) }))
    .sort((a, b) => a.generation - b.generation),
  listenPort: Number(secret.metadata.annotations?.[LISTEN_PORT] ?? 0),
  since: Date.parse(secret.metadata.annotations?.[KEYS_SINCE] ?? secret.metadata.creationTimestamp ?? ""),
  secret,
});

export interface Rings {
  /** What is known now, without asking. */
  get(id: string, name: string): KeyRing | undefined;
  /** The port that the peer has, or gets. */
  portFor(id: string): number;
  /** Brings the Secret to the plan; asks the API server only where something is to change. */
  ensure(id: string, name: string, plan: KeyPlan, signal: AbortSignal): Promise<KeyRing>;
  forget(id: string): void;
}

export interface RingDeps {
  kube: Pick<Kube, "create" | "get" | "replace">;
  namespace: string;
  secrets: Cache<Secret>;
  clock: Clock;
}

const versionOf = (s: Readonly<Secret> | undefined): bigint => BigInt(s?.metadata.resourceVersion ?? 0);

export const createRings = (d: RingDeps): Rings => {
  /** Written here, and perhaps not in the cache yet. */
  const written = new Map<string, Secret>();
  /** Ports given out here, by peer: Secrets of the same moment are not in the cache yet. */
  const ports = new Map<string, number>();

  const newest = (id: string, name: string): Readonly<Secret> | undefined => {
    const cached = d.secrets.get(`${d.namespace}/${tunnelName(name)}`);
    const own = written.get(id);
    if (!cached || !own) return cached;
    return cached.metadata.uid === own.metadata.uid && versionOf(own) > versionOf(cached) ? own : cached;
  };

  const held = (): { id: string; port: number }[] =>
    d.secrets.list().flatMap((s) => {
      const id = s.metadata.labels?.[REMOTE_CLUSTER_ID];
      return id === undefined ? [] : [{ id, port: Number(s.metadata.annotations?.[LISTEN_PORT] ?? 0) }];
    });

  /** Two replicas may have chosen the same port at once: the smaller ID keeps it. */
  const portFor = (id: string): number => {
    const others = held().filter((h) => h.id !== id);
    const mine = held().find((h) => h.id === id)?.port || ports.get(id);
    if (mine && !others.some((o) => o.port === mine && o.id < id)) return mine;
    const taken = new Set([
      ...others.map((o) => o.port),
      ...[...ports].filter(([o]) => o !== id).map(([, p]) => p),
    ]);
    let port = FIRST_LISTEN_PORT;
    while (taken.has(port)) port += 2;
    ports.set(id, port);
    return port;
  };

  const manifest = (id: string, name: string, plan: KeyPlan, old: Readonly<Secret> | undefined): Secret => {
    const kept = Object.entries(old?.data ?? {}).filter(([g]) => plan.keep.includes(Number(g)));
    const added = plan.add === undefined ? [] : [[String(plan.add), encode(newPrivateKey())]];
    const since =
      plan.add === undefined ? old?.metadata.annotations?.[KEYS_SINCE] : d.clock.now().toISOString();
    return {
      ...old,
      metadata: {
        ...old?.metadata,
        name: tunnelName(name),
        namespace: d.namespace,
        labels: { ...old?.metadata.labels, ...labelsOf(id, name) },
        annotations: {
          ...old?.metadata.annotations,
          [LISTEN_PORT]: String(portFor(id)),
          ...(since ? { [KEYS_SINCE]: since } : {}),
        },
      },
      data: Object.fromEntries([...kept, ...added]) as Record<string, string>,
    };
  };

  const create = async (id: string, name: string, plan: KeyPlan, signal: AbortSignal): Promise<Secret> => {
    try {
      return await d.kube.create(secrets, manifest(id, name, plan, undefined), { signal });
    } catch (err) {
      if (!isAlreadyExists(err)) throw err;
      return d.kube.get(secrets, tunnelName(name), d.namespace, { signal });
    }
  };

  return {
    get: (id, name) => {
      const secret = newest(id, name);
      return secret && ringOf(secret);
    },
    portFor,
    ensure: async (id, name, plan, signal) => {
      const old = newest(id, name);
      if (!old) {
        const secret = await create(id, name, plan, signal);
        written.set(id, secret);
        return ringOf(secret);
      }
      const ring = ringOf(old);
      const isAsPlanned =
        plan.add === undefined && ring.keys.length === plan.keep.length && ring.listenPort === portFor(id);
      if (isAsPlanned) return ring;
      const secret = await d.kube.replace(secrets, manifest(id, name, plan, old), { signal });
      written.set(id, secret);
      return ringOf(secret);
    },
    forget: (id) => {
      written.delete(id);
      ports.delete(id);
    },
  };
};

import { ORIGIN } from "@tideway/api";
import { isInvalid, isNotFound } from "@tideway/errors";
import { type ConfigMap, configMaps, type Resource, type Secret, secrets } from "@tideway/k8s";
import { remoteConfigMapName } from "@tideway/podspec";
import type { Session } from "../peers/session.ts";
import type { Twin } from "../peers/twin.ts";
import type { Clock } from "../ports.ts";
import type { Certificates } from "./certificates.ts";
import { decide } from "./decide.ts";
import { type Copied, FIELD_MANAGER, REFLECTED, SOURCE_VERSION, splitCopyKey } from "./names.ts";
import type { SourceCaches, Sources } from "./sources.ts";
import type { Usage } from "./usage.ts";

export interface ConfigsDeps {
  session: Session;
  sources: Sources;
  usage: Usage;
  certificates: Certificates;
  clusterID: string;
  clock: Clock;
}

export interface Configs {
  /** Brings one copy up to date; keys are `kind/namespace/name` by local names. */
  sync(key: string): Promise<{ requeueAfterMs?: number }>;
  /** The copy changed or went at the provider. */
  seen(key: string, exists: boolean): void;
}

const RETRY_UNSYNCED_MS = 100;
const versionOf = (o: Readonly<ConfigMap | Secret>): string =>
  `${o.metadata.uid ?? ""}/${o.metadata.resourceVersion ?? ""}`;
const remoteName = (kind: Copied, name: string): string =>
  kind === "configmaps" ? remoteConfigMapName(name) : name;

/** A service account token of ours is none of theirs: as its own type their API server would take it for one. */
const copyType = (type: string | undefined): string | undefined =>
  type === "kubernetes.io/service-account-token" ? "Opaque" : type;

const bodyOf = (kind: Copied, source: Readonly<ConfigMap | Secret>) => {
  const { data, immutable } = source;
  const rest =
    kind === "configmaps"
      ? { binaryData: (source as ConfigMap).binaryData }
      : { type: copyType((source as Secret).type) };
  return Object.fromEntries(Object.entries({ data, immutable, ...rest }).filter(([, v]) => v !== undefined));
};

export const createConfigs = (d: ConfigsDeps): Configs => {
  const written = new Map<string, string>();
  const unusedSince = new Map<string, number>();

  const unusedMs = (key: string, used: boolean): number => {
    if (used) {
      unusedSince.delete(key);
      return 0;
    }
    const since = unusedSince.get(key) ?? d.clock.now();
    unusedSince.set(key, since);
    return d.clock.now() - since;
  };

  const write = async (
    twin: Twin,
    kind: Copied,
    name: string,
    source: Readonly<ConfigMap | Secret>,
    copyUid: string | undefined,
  ): Promise<void> => {
    const { kube, signal } = d.session;
    const metadata = {
      name,
      namespace: twin.name,
      labels: { [ORIGIN]: d.clusterID, [REFLECTED]: "config" },
      annotations: { [SOURCE_VERSION]: versionOf(source) },
    };
    const resource: Resource<ConfigMap | Secret> = kind === "configmaps" ? configMaps : secrets;
    const body = bodyOf(kind, source);
    const apply = (): Promise<unknown> =>
      kube.apply(resource, { metadata, ...body }, { fieldManager: FIELD_MANAGER, signal });
    if (!copyUid) return void (await apply());
    try {
      // The copy is all ours: a plain update costs the API server half of what an apply costs it.
      await kube.replace(resource, { metadata: { ...metadata, uid: copyUid }, ...body }, { signal });
    } catch (err) {
      if (!isInvalid(err)) throw err;
      // Type and immutable data cannot change: the source was made anew, so the copy is too.
      await kube.delete(resource, name, twin.name, { uid: copyUid, signal });
      await apply();
    }
  };

  const sourcesOf = async (namespace: string, kind: Copied): Promise<SourceCaches[Copied]> => {
    const cache = d.sources.of(namespace)[kind];
    if (!cache.hasSynced) await cache.synced;
    return cache;
  };

  const sync: Configs["sync"] = async (key) => {
    const { kind, namespace, name } = splitCopyKey(key);
    const twin = d.session.twin(namespace);
    if (!twin) return {};
    const copies = kind === "configmaps" ? twin.configMaps : twin.secrets;
    if (!copies.hasSynced || !d.session.localPods.hasSynced || !d.session.health.current().ok)
      return { requeueAfterMs: RETRY_UNSYNCED_MS };
    const byPod = d.usage.isUsed(key);
    const byIngress = byPod || kind === "configmaps" ? false : d.certificates.isUsed(namespace, name);
    if (byIngress === undefined) return { requeueAfterMs: RETRY_UNSYNCED_MS };
    const used = byPod || byIngress;
    const source = used ? (await sourcesOf(namespace, kind)).get(`${namespace}/${name}`) : undefined;
    const copyName = remoteName(kind, name);
    const copy = copies.get(`${twin.name}/${copyName}`);
    if (copy?.metadata.labels?.[REFLECTED] === "token") return {};
    const plan = decide({
      used,
      source: source && versionOf(source),
      copy: copy && { uid: copy.metadata.uid ?? "", version: copy.metadata.annotations?.[SOURCE_VERSION] },
      written: written.get(key),
      unusedMs: unusedMs(key, used),
    });
    if (plan.do === "delete") {
      written.delete(key);
      unusedSince.delete(key);
      await d.session.kube.delete(kind === "configmaps" ? configMaps : secrets, copyName, twin.name, {
        uid: plan.uid,
        signal: d.session.signal,
      });
    }
    if (plan.do === "copy" && source) {
      try {
        await write(twin, kind, copyName, source, copy?.metadata.uid);
        written.set(key, versionOf(source));
      } catch (err) {
        if (!isNotFound(err)) throw err; // the twin is going
      }
    }
    if (plan.do === "nothing" && !used && !copy) unusedSince.delete(key);
    return plan.do === "nothing" && plan.recheckMs !== undefined ? { requeueAfterMs: plan.recheckMs } : {};
  };

  return {
    sync,
    seen: (key, exists) => {
      if (!exists) written.delete(key);
    },
  };
};

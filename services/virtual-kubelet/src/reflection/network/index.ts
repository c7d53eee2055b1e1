import { shadowEndpointSlices } from "@tideway/api";
import { type Controller, startController } from "@tideway/controller";
import { describeError, isForbidden, isInvalid } from "@tideway/errors";
import {
  endpointSlices,
  type Informer,
  ingresses,
  type KubeObject,
  type Resource,
  services,
} from "@tideway/k8s";
import type { NetworkView } from "../../network/networks.ts";
import type { Session } from "../../peers/session.ts";
import type { Twin } from "../../peers/twin.ts";
import type { Clock, Local } from "../../ports.ts";
import type { NetworkCaches, Sources } from "../sources.ts";
import { createAddresses, withdrawAddresses } from "./address.ts";
import { type Content, type Copies, createCopies } from "./copies.ts";
import { type ClassMap, copyOfIngress } from "./ingress.ts";
import { NETWORK_KINDS, type NetworkKind, networkKey, splitNetworkKey } from "./kinds.ts";
import type { Mappings } from "./mappings.ts";
import { copyOfService } from "./service.ts";
import { shadowOf, toMap } from "./slice.ts";
import { createTeller } from "./tell.ts";
import { ingressWord, refusedWord, serviceWord, takenWord, unmappedWord, type Word } from "./words.ts";

export interface NetworkReflectionDeps {
  session: Session;
  sources: Sources;
  local: Local;
  clock: Clock;
  networks: NetworkView;
  mappings: Mappings;
  /** VirtualNode.spec.ingressClasses of the peer's node. */
  ingressClasses(): Readonly<ClassMap>;
  /** External addresses that this cluster holds for the peer and the namespace, from an earlier life too. */
  held(namespace: string): readonly string[];
}

/** Services, EndpointSlices and Ingresses of offloaded namespaces, at one provider. */
export interface NetworkReflection {
  onCopy(source: string, kind: NetworkKind, name: string | undefined): void;
  /** Look at a namespace again, or at all: a twin was opened, the provider is back, the network changed. */
  resync(source?: string): void;
  /** The twin of the namespace is not watched any more. */
  drop(source: string): void;
}

/** Each is one request at a time; the provider's API server takes many. */
const WORKERS = 32;
/** What somebody else must change first (a name that is taken, a policy that refuses) is tried again after this. */
const REFUSED_RETRY_MS = 30_000;
const UNMAPPED_RETRY_MS = 1_000;

/** What is reflected, as it is here. */
const HERE: Record<NetworkKind, Resource> = { services, endpointslices: endpointSlices, ingresses };

export const startNetworkReflection = (d: NetworkReflectionDeps): NetworkReflection => {
  const { session, local } = d;
  const kinds: Record<NetworkKind, Copies> = {
    services: createCopies(session, local.clusterID, { resource: services, update: "replace" }),
    endpointslices: createCopies(session, local.clusterID, {
      resource: shadowEndpointSlices,
      update: "patch",
    }),
    ingresses: createCopies(session, local.clusterID, { resource: ingresses, update: "replace" }),
  };
  const cacheOf = (twin: Twin, kind: NetworkKind): Informer<KubeObject> => twin.network[kind];

  const teller = createTeller(d);
  const addresses = createAddresses(d);

  interface Wanted {
    content: Content | undefined;
    requeueAfterMs?: number;
    /** Why it is not there, or not all of it. */
    word?: Word | undefined;
  }

  const sliceOf = async (
    here: NetworkCaches,
    namespace: string,
    name: string,
  ): Promise<Wanted | "unknown"> => {
    const slice = here.endpointslices.get(`${namespace}/${name}`);
    const networks = d.networks.of(session.clusterID);
    if (!networks && slice) return "unknown"; // the network's word wakes us
    const context = { nodeNames: session.nodeNames, localPods: networks?.localPods.real ?? "" };
    const addresses = slice ? toMap(slice, context) : [];
    const { externals, failed } = await d.mappings.use(namespace, name, addresses);
    if (failed) session.log.warn({ namespace, slice: name, reason: failed.why }, "no external address");
    const spec = slice && shadowOf(slice, context, (a) => externals.get(a));
    return {
      content: spec && { spec },
      ...(failed ? { requeueAfterMs: UNMAPPED_RETRY_MS } : {}),
      ...(failed?.isFinal ? { word: unmappedWord(failed.why, session.peer) } : {}),
    };
  };

  const wantedOf = async (
    here: NetworkCaches,
    kind: NetworkKind,
    namespace: string,
    name: string,
  ): Promise<Wanted | "unknown"> => {
    const key = `${namespace}/${name}`;
    switch (kind) {
      case "services": {
        const service = here.services.get(key);
        return {
          content: service && copyOfService(service),
          word: service && serviceWord(service, session.peer),
        };
      }
      case "ingresses": {
        const ingress = here.ingresses.get(key);
        const classes = d.ingressClasses();
        return {
          content: ingress && copyOfIngress(ingress, classes),
          word: ingress && ingressWord(ingress, classes, session.peer),
        };
      }
      case "endpointslices":
        return sliceOf(here, namespace, name);
    }
  };

  const sync = async (key: string): Promise<{ requeueAfterMs?: number }> => {
    const { kind, namespace, name } = splitNetworkKey(key);
    const twin = session.twin(namespace);
    if (!twin || !session.health.current().ok) return {}; // its opening, and the provider's return, wake us
    const cache = cacheOf(twin, kind);
    const here = d.sources.openNetwork(namespace);
    // absence in what has not synced is not a fact
    if (!here || !cache.hasSynced || !here[kind].hasSynced) return {};
    const wanted = await wantedOf(here, kind, namespace, name);
    if (wanted === "unknown") return {};
    const refusal = await put(key, twin, wanted.content);
    if (kind === "ingresses")
      await addresses.show(
        here.ingresses.get(`${namespace}/${name}`),
        twin.network.ingresses.get(`${twin.name}/${name}`),
        key,
      );
    teller.say(HERE[kind], key, here[kind].get(`${namespace}/${name}`), refusal ?? wanted.word);
    const wait = refusal ? REFUSED_RETRY_MS : wanted.requeueAfterMs;
    return wait === undefined ? {} : { requeueAfterMs: wait };
  };

  /** Answers why the provider does not have it, where that is not ours to mend. */
  const put = async (key: string, twin: Twin, content: Content | undefined): Promise<Word | undefined> => {
    const { kind, name } = splitNetworkKey(key);
    try {
      if ((await kinds[kind].put(cacheOf(twin, kind), twin.name, name, content)) !== "taken")
        return undefined;
      session.log.warn(
        { key },
        "the provider's owner has an object of this name in the twin; it is left alone",
      );
      return takenWord(HERE[kind].kind, twin.name, session.peer);
    } catch (err) {
      if (!isForbidden(err) && !isInvalid(err)) throw err;
      session.log.warn({ key, reason: describeError(err) }, "the provider refuses the copy");
      return refusedWord(describeError(err), session.peer);
    }
  };

  const controller: Controller = startController({
    name: "network-reflection",
    reconcile: sync,
    workers: WORKERS,
    log: session.log,
    metrics: local.metrics,
    signal: session.signal,
  });

  /** Everything that is here, and every copy over there: either may need something. */
  const enqueueAll = (twin: Twin, kind: NetworkKind): void => {
    const here = d.sources.openNetwork(twin.source)?.[kind] as unknown as Informer<KubeObject> | undefined;
    for (const cache of [here, cacheOf(twin, kind)])
      for (const o of cache?.list() ?? []) controller.enqueue(networkKey(kind, twin.source, o.metadata.name));
  };

  const stop = [
    d.sources.onNetworkChange((kind, namespace, name) => {
      if (session.twin(namespace)) controller.enqueue(networkKey(kind, namespace, name));
    }),
    d.networks.onChange((id) => {
      if (id !== session.clusterID) return;
      for (const twin of session.twins()) enqueueAll(twin, "endpointslices");
    }),
  ];
  session.signal.addEventListener("abort", () => stop.forEach((f) => f()), { once: true });

  /** Once for each opening of a twin, when the slices were looked at: what no slice uses is given back. */
  const swept = new WeakSet<Twin>();
  const sweep = async (twin: Twin): Promise<void> => {
    if (swept.has(twin)) return;
    swept.add(twin);
    const here = d.sources.network(twin.source);
    await Promise.all([
      here.endpointslices.synced,
      twin.network.endpointslices.synced,
      session.localPods.synced,
    ]);
    await controller.idle();
    if (d.networks.of(session.clusterID)) d.mappings.sweep(twin.source, d.held(twin.source));
  };

  const resync = (source?: string): void => {
    for (const twin of session.twins()) {
      if (source !== undefined && twin.source !== source) continue;
      for (const kind of NETWORK_KINDS) {
        const here = d.sources.network(twin.source)[kind];
        if (here.hasSynced) enqueueAll(twin, kind);
        else void here.synced.then(() => enqueueAll(twin, kind));
      }
      void sweep(twin);
    }
  };

  return {
    onCopy: (source, kind, name) => {
      const twin = session.twin(source);
      if (!twin) return;
      if (name === undefined) return enqueueAll(twin, kind);
      const key = `${twin.name}/${name}`;
      kinds[kind].seen(key, cacheOf(twin, kind).get(key));
      controller.enqueue(networkKey(kind, source, name));
    },
    resync,
    drop: (source) => {
      d.mappings.drop(source);
      withdrawAddresses(local.kube, source, session).catch((err: unknown) => {
        if (!session.signal.aborted)
          session.log.warn({ namespace: source, reason: describeError(err) }, "addresses of Ingresses stay");
      });
    },
  };
};

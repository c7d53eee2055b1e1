import type { Audit } from "@tideway/audit";
import type { FactView } from "@tideway/bus";
import { type Controller, startController } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import { type Credentials, type Informer, keyOf, type Pod, splitKey } from "@tideway/k8s";
import { startClaims } from "../claims/reconciler.ts";
import { type ApiServerSource, createApiServerAccess, wantsApiServer } from "../network/api-server.ts";
import type { NetworkView } from "../network/networks.ts";
import { createEvents } from "../reflection/events.ts";
import { type Reflection, startReflection } from "../reflection/index.ts";
import { type NetworkReflection, startNetworkReflection } from "../reflection/network/index.ts";
import type { ClassMap } from "../reflection/network/ingress.ts";
import { createMappings } from "../reflection/network/mappings.ts";
import type { Sources } from "../reflection/sources.ts";
import { claimsOf } from "@tideway/podspec";
import { createChosen } from "../pods/chosen.ts";
import { makePodReconciler } from "../pods/reconciler.ts";
import type { AddressMapper, Clock, Local } from "../ports.ts";
import { openSession, type Session } from "./session.ts";

export interface ServedDeps {
  local: Local;
  clock: Clock;
  sources: Sources;
  networks: NetworkView;
  mapper: AddressMapper;
  audit: Pick<Audit, "record">;
  /** Volumes of this cluster's claims, as storage-fabric says them. */
  volumes: FactView<"volume">;
  /** Pods of this cluster that are bound to no node, indexed by "namespace". */
  waiting: Informer<Pod>;
  apiServer: ApiServerSource;
  /** External addresses that are held for the peer and the namespace. */
  heldFor(clusterID: string, namespace: string): readonly string[];
  /** VirtualNode.spec.ingressClasses of the peer's node, the first in the order of their names where it has several. */
  ingressClasses(peer: string): Readonly<ClassMap>;
  /** Pods worked on at the same time; each costs one request at a time. Default 32. */
  podWorkers: number;
  /** The provider's health changed. */
  onHealth(clusterID: string): void;
  /** VirtualNode.spec.unreachable of the node. */
  unreachable(nodeName: string): "Hold" | "Reschedule" | "Fence";
  /** A pod left the node. */
  onPodGone(clusterID: string, namespace: string): void;
}

/** A session with the controllers that work on it. */
export interface Served {
  session: Session;
  /** Serial of the identity that is used. */
  serial: string;
  pods: Controller;
  reflection: Reflection;
  network: NetworkReflection;
  /** The map of ingress classes is another one. */
  resyncNetwork(): void;
  /** Source namespaces with their twins, as the NamespaceMap says. */
  setTwins(wanted: ReadonlyMap<string, string>): void;
}

export interface ServedOptions {
  clusterID: string;
  peer: string;
  credentials: Credentials;
  serial: string;
  /** Virtual nodes that stand, or will, with their pools. */
  nodes: ReadonlyMap<string, string>;
}

export const serve = (d: ServedDeps, o: ServedOptions): Served => {
  // Handlers are called by watches, that is never before this function has returned.
  const session: Session = openSession({
    ...o,
    local: d.local,
    onHealth: (now, before) => {
      d.onHealth(o.clusterID);
      if (now.ok !== before.ok) enqueueAll();
    },
    onLocalPod: (key) => {
      const pod = session.localPods.get(key);
      reflection.onLocalPod(key, pod);
      if (pod && wantsApiServer(pod)) apiServer.hold(pod);
      pods.enqueue(key);
      if (pod) return;
      apiServer.release(splitKey(key).namespace ?? "", splitKey(key).name);
      reconciler.forget(key);
      d.onPodGone(o.clusterID, splitKey(key).namespace ?? "");
    },
    onLocalPods: () => enqueueAll(),
    onMisbehaved: (err) =>
      d.audit.record({
        peer: o.clusterID,
        actor: { clusterID: o.clusterID, clusterName: o.peer },
        action: "answer",
        object: `ForeignCluster/${o.peer}`,
        outcome: "DENIED",
        reason: err.reason,
        message: describeError(err),
      }),
    twinHandlers: {
      onPod: (source, name) =>
        name === undefined ? enqueueNamespace(source) : pods.enqueue(`${source}/${name}`),
      onCopy: (source, kind, name) => reflection.onCopy(source, kind, name),
      onNetworkCopy: (source, kind, name) => network.onCopy(source, kind, name),
      onClaim: (source, shadow) => {
        claims.onShadow(source, shadow);
        const name = shadow?.metadata.name;
        for (const pod of session.localPods.list())
          if (pod.metadata.namespace === source && (name === undefined || claimsOf(pod).includes(name)))
            pods.enqueue(keyOf(pod));
        for (const pod of d.waiting.byIndex("namespace", source))
          if (name !== undefined && claimsOf(pod).includes(name)) pods.enqueue(keyOf(pod));
      },
      onEvent: (source, event) => events.onEvent(source, event),
    },
  });
  const claims = startClaims({ session, local: d.local, volumes: d.volumes });
  const ingressClasses = (): Readonly<ClassMap> => d.ingressClasses(o.peer);
  const reflection = startReflection({
    session,
    sources: d.sources,
    local: d.local,
    clock: d.clock,
    ingressClasses,
  });
  const mappings = createMappings({ session, mapper: d.mapper });
  const apiServer = createApiServerAccess({
    session,
    source: d.apiServer,
    networks: d.networks,
    mappings,
  });
  const network = startNetworkReflection({
    session,
    sources: d.sources,
    local: d.local,
    clock: d.clock,
    networks: d.networks,
    mappings,
    ingressClasses,
    held: (namespace) => d.heldFor(o.clusterID, namespace),
  });
  const events = createEvents({ session, local: d.local, clock: d.clock });
  const reconciler = makePodReconciler({
    local: d.local,
    session,
    clock: d.clock,
    prepare: reflection.prepare,
    networks: d.networks,
    apiServer: apiServer.of,
    missingClaim: claims.missing,
    regionsOf: claims.regionsOf,
    chosen: createChosen({
      clusterID: o.clusterID,
      waiting: d.waiting,
      localPods: session.localPods,
      volumes: d.volumes,
      awaitsVolumes: claims.areWaiting,
    }),
    unprepare: (key) => reflection.onLocalPod(key, undefined),
    hold: (node) => node !== undefined && d.unreachable(node) === "Hold",
  });
  const pods = startController({
    name: "pods",
    reconcile: reconciler.reconcile,
    workers: d.podWorkers,
    log: session.log,
    metrics: d.local.metrics,
    signal: session.signal,
  });

  /** Local pods, and ShadowPods that have none: both may need something. */
  const enqueueNamespace = (source: string): void => {
    for (const pod of session.localPods.list())
      if (pod.metadata.namespace === source) pods.enqueue(keyOf(pod));
    for (const shadow of session.twin(source)?.shadows.list() ?? [])
      pods.enqueue(`${source}/${shadow.metadata.name}`);
  };
  const enqueueAll = (): void => {
    for (const pod of session.localPods.list()) pods.enqueue(keyOf(pod));
    for (const twin of session.twins())
      for (const shadow of twin.shadows.list()) pods.enqueue(`${twin.source}/${shadow.metadata.name}`);
    reflection.resync();
    network.resync();
    claims.resync();
  };
  const stopNetworks = d.networks.onChange((id) => {
    if (id !== o.clusterID) return;
    for (const pod of session.localPods.list()) {
      if (wantsApiServer(pod)) apiServer.hold(pod);
      pods.enqueue(keyOf(pod));
    }
  });
  const stopWaiting = d.waiting.onChange((key, now, old) => {
    const pod = now ?? old;
    if (pod && session.twin(pod.metadata.namespace ?? "") && claimsOf(pod).length > 0) pods.enqueue(key);
  });
  session.signal.addEventListener(
    "abort",
    () => {
      stopNetworks();
      stopWaiting();
    },
    { once: true },
  );

  return {
    session,
    serial: o.serial,
    pods,
    reflection,
    network,
    setTwins: (wanted) => {
      const before = new Set([...session.twins()].map((t) => t.source));
      session.setTwins(wanted);
      for (const source of new Set([...before, ...wanted.keys()]))
        if (before.has(source) !== wanted.has(source)) {
          enqueueNamespace(source);
          claims.resync(source);
          if (wanted.has(source)) {
            network.resync(source);
            reflection.resyncIngresses(source);
          } else network.drop(source);
        }
    },
    resyncNetwork: () => {
      network.resync();
      for (const { source } of session.twins()) reflection.resyncIngresses(source);
    },
  };
};

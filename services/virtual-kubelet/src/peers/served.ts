import { type Controller, startController } from "@tideway/controller";
import { type Credentials, keyOf, splitKey } from "@tideway/k8s";
import { createEvents } from "../reflection/events.ts";
import { type Reflection, startReflection } from "../reflection/index.ts";
import type { Sources } from "../reflection/sources.ts";
import { makePodReconciler } from "../pods/reconciler.ts";
import type { Clock, Local } from "../ports.ts";
import { openSession, type Session } from "./session.ts";

export interface ServedDeps {
  local: Local;
  clock: Clock;
  sources: Sources;
  /** Pods worked on at the same time; each costs one request at a time. Default 32. */
  podWorkers: number;
  /** The provider's health changed. */
  onHealth(clusterID: string): void;
  /** VirtualNode.spec.unreachable of the peer's node. */
  unreachable(peer: string): "Hold" | "Reschedule" | "Fence";
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
  /** Source namespaces with their twins, as the NamespaceMap says. */
  setTwins(wanted: ReadonlyMap<string, string>): void;
}

export interface ServedOptions {
  clusterID: string;
  peer: string;
  credentials: Credentials;
  serial: string;
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
      pods.enqueue(key);
      if (pod) return;
      reconciler.forget(key);
      d.onPodGone(o.clusterID, splitKey(key).namespace ?? "");
    },
    twinHandlers: {
      onPod: (source, name) =>
        name === undefined ? enqueueNamespace(source) : pods.enqueue(`${source}/${name}`),
      onCopy: (source, kind, name) => reflection.onCopy(source, kind, name),
      onEvent: (source, event) => events.onEvent(source, event),
    },
  });
  const reflection = startReflection({ session, sources: d.sources, local: d.local, clock: d.clock });
  const events = createEvents({ session, local: d.local, clock: d.clock });
  const reconciler = makePodReconciler({
    local: d.local,
    session,
    clock: d.clock,
    prepare: reflection.prepare,
    hold: () => d.unreachable(o.peer) === "Hold",
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
  };

  return {
    session,
    serial: o.serial,
    pods,
    reflection,
    setTwins: (wanted) => {
      const before = new Set([...session.twins()].map((t) => t.source));
      session.setTwins(wanted);
      for (const source of new Set([...before, ...wanted.keys()]))
        if (before.has(source) !== wanted.has(source)) enqueueNamespace(source);
    },
  };
};

import { type Controller, startController } from "@tideway/controller";
import { type Pod, splitKey } from "@tideway/k8s";
import type { Session } from "../peers/session.ts";
import type { Clock, Local } from "../ports.ts";
import { createCertificates } from "./certificates.ts";
import { createConfigs } from "./configs.ts";
import { copyKey, type Copied } from "./names.ts";
import type { ClassMap } from "./network/ingress.ts";
import type { Sources } from "./sources.ts";
import { createTokens } from "./tokens.ts";
import { createUsage } from "./usage.ts";

/** ConfigMaps, Secrets and tokens of one provider: exactly those that pods and Ingresses over there refer to. */
export interface Reflection {
  /** Resolves when what the pod refers to is at the provider, or it is known that it cannot be; never rejects. */
  prepare(pod: Readonly<Pod>): Promise<void>;
  onLocalPod(key: string, pod: Readonly<Pod> | undefined): void;
  onCopy(source: string, kind: Copied, name: string): void;
  /** Look at everything again: the provider is back, or a twin was opened. */
  resync(): void;
  /** A twin of the namespace was opened, or the map of ingress classes is another one. */
  resyncIngresses(namespace: string): void;
}

/** A pod is not held up longer than this by what it refers to: its kubelet waits for that too. */
const PREPARE_MS = 3_000;
const ROOT_CA = "tideway-kube-root-ca.crt";

export const startReflection = (d: {
  session: Session;
  sources: Sources;
  local: Local;
  clock: Clock;
  /** VirtualNode.spec.ingressClasses of the peer's node. */
  ingressClasses(): Readonly<ClassMap>;
}): Reflection => {
  const { session, local } = d;
  const usage = createUsage();
  const certificates = createCertificates(d.sources, d.ingressClasses);
  const configs = createConfigs({
    session,
    sources: d.sources,
    usage,
    certificates,
    clusterID: local.clusterID,
    clock: d.clock,
  });
  const tokens = createTokens({ session, kube: local.kube, clusterID: local.clusterID, clock: d.clock });
  const common = { workers: 8, log: session.log, metrics: local.metrics, signal: session.signal };

  /** One write a copy at a time, whether a pod waits for it or the controller has its turn. */
  const running = new Map<string, Promise<{ requeueAfterMs?: number }>>();
  const sync = async (key: string): Promise<{ requeueAfterMs?: number }> => {
    const before = running.get(key);
    if (before) await before.catch(() => undefined);
    const again = running.get(key);
    if (again) return again;
    const run = configs.sync(key).finally(() => running.delete(key));
    running.set(key, run);
    return run;
  };

  const copies: Controller = startController({ ...common, name: "reflection", reconcile: sync });
  const tokenController: Controller = startController({
    ...common,
    name: "tokens",
    reconcile: (key) => {
      const { namespace = "", name } = splitKey(key);
      return tokens.sync(namespace, name, usage.tokensOf(key));
    },
  });
  const stopSources = d.sources.onChange((kind, namespace, name) => {
    const key = copyKey(kind, namespace, name);
    if (usage.isUsed(key) || (kind === "secrets" && certificates.isUsed(namespace, name)))
      copies.enqueue(key);
  });
  const resyncIngresses = (namespace: string): void => {
    for (const key of certificates.updateAll(namespace)) copies.enqueue(key);
  };
  const stopIngresses = d.sources.onNetworkChange((kind, namespace, name) => {
    if (kind !== "ingresses") return;
    const changed = certificates.update(namespace, name);
    if (session.twin(namespace)) for (const key of changed) copies.enqueue(key);
  });
  session.signal.addEventListener(
    "abort",
    () => {
      stopSources();
      stopIngresses();
    },
    { once: true },
  );

  const ready = async (key: string): Promise<void> => {
    for (
      let wait = (await sync(key)).requeueAfterMs;
      wait !== undefined && !session.signal.aborted;
      wait = (await sync(key)).requeueAfterMs
    )
      await new Promise((done) => setTimeout(done, Math.min(wait ?? 0, 50)));
  };

  return {
    prepare: async (pod) => {
      const { name, namespace = "" } = pod.metadata;
      const key = `${namespace}/${name}`;
      usage.update(key, pod);
      const wanted = usage.keysOf(key);
      const asked = usage.tokensOf(key);
      if (wanted.length === 0 && asked.length === 0) return;
      const all = Promise.all([
        ...wanted.map(ready),
        ...(asked.length > 0 ? [tokens.sync(namespace, name, asked)] : []),
      ]);
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise((done) => (timer = setTimeout(done, PREPARE_MS)));
      const failed = await Promise.race([
        all.then(
          () => false,
          () => true,
        ),
        timeout,
      ]);
      clearTimeout(timer);
      if (failed !== false) for (const k of wanted) copies.enqueue(k); // the controller goes on, logs and backs off
      if (asked.length > 0) tokenController.enqueue(key);
    },
    onLocalPod: (key, pod) => {
      const tokensBefore = usage.tokensOf(key).length;
      for (const k of usage.update(key, pod)) copies.enqueue(k);
      if (tokensBefore > 0 || usage.tokensOf(key).length > 0) tokenController.enqueue(key);
    },
    onCopy: (source, kind, name) => {
      const twin = session.twin(source);
      const cache = kind === "configmaps" ? twin?.configMaps : twin?.secrets;
      const copy = cache?.get(`${twin?.name}/${name}`);
      const localName = kind === "configmaps" && name === ROOT_CA ? ROOT_CA.replace("tideway-", "") : name;
      const key = copyKey(kind, source, localName);
      configs.seen(key, copy !== undefined);
      const forPod = copy?.metadata.annotations?.["offloading.tideway.dev/pod"];
      if (forPod) tokenController.enqueue(`${source}/${forPod}`);
      else copies.enqueue(key);
    },
    resync: () => {
      for (const pod of session.localPods.list()) {
        const key = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
        for (const k of usage.keysOf(key)) copies.enqueue(k);
        if (usage.tokensOf(key).length > 0) tokenController.enqueue(key);
      }
      for (const { source } of session.twins()) resyncIngresses(source);
    },
    resyncIngresses,
  };
};

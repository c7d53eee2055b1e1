import { isUnavailable, type MisbehavedError, misbehaviourOf } from "@tideway/errors";
import type { Credentials } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { type Health, type HealthLoop, startHealth } from "../node/health.ts";
import { createProbe } from "../node/probe.ts";
import type { Local, PeerConnection } from "../ports.ts";
import { type LocalPods, watchLocalPods } from "./local-pods.ts";
import { type RotatingKube, rotatingKube } from "./rotating-kube.ts";
import { type Twin, type TwinHandlers, watchTwin } from "./twin.ts";

/** Everything this replica keeps open for one provider. */
export interface Session extends PeerConnection {
  readonly kube: RotatingKube;
  readonly log: Logger;
  readonly health: HealthLoop;
  /** Local pods bound to the provider's virtual nodes. */
  readonly localPods: LocalPods;
  /** The provider's node pool that the node stands for; undefined: its nodes in none. */
  poolOf(nodeName: string | undefined): string | undefined;
  /** The virtual nodes that stand for the provider, with their pools; pods on others are nobody's. */
  setNodes(nodes: ReadonlyMap<string, string>): void;
  twin(source: string): Twin | undefined;
  twins(): Iterable<Twin>;
  /** Opens and closes watches until exactly these twins (source -> twin) are watched. */
  setTwins(wanted: ReadonlyMap<string, string>): void;
  /** Aborts with the session. */
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

export interface SessionOptions {
  local: Local;
  clusterID: string;
  peer: string;
  credentials: Credentials;
  twinHandlers: Omit<TwinHandlers, "onError">;
  onHealth(now: Health, before: Health): void;
  onLocalPod(key: string): void;
  /** Its API server answered what none should. */
  onMisbehaved(err: MisbehavedError): void;
  /** All pods of all nodes are known, again after a node came. */
  onLocalPods(): void;
  nodes: ReadonlyMap<string, string>;
}

const USER_AGENT = "tideway-virtual-kubelet";

export const openSession = (o: SessionOptions): Session => {
  const { local, clusterID, peer } = o;
  const abort = new AbortController();
  const signal = AbortSignal.any([abort.signal, local.signal]);
  const log = local.log.child({ peer });
  const now = (): number => performance.now();
  const kube = rotatingKube(o.credentials, { userAgent: USER_AGENT, now });
  const probe = createProbe(() => kube.credentials, `${USER_AGENT}/probe`);
  const health = startHealth({
    probe: probe.probe,
    heardMsAgo: () => now() - kube.heardAt(),
    signal,
    onChange: (h, before) => {
      if (h.ok !== before.ok)
        log.info({ ok: h.ok, reason: h.reason, detail: h.message }, "provider's health changed");
      if (h.ok && before.failures > 0 && !before.ok) kube.reconnect();
      o.onHealth(h, before);
    },
  });
  let nodes = o.nodes;
  const localPods = watchLocalPods(local.kube, { onPod: o.onLocalPod, onSynced: o.onLocalPods, signal });
  localPods.setNodes(nodes.keys());

  const twins = new Map<string, Twin>();
  const sources = new Map<string, string>();
  const handlers: TwinHandlers = {
    ...o.twinHandlers,
    onError: (err) => {
      if (isUnavailable(err)) health.suspect();
      const wrong = misbehaviourOf(err);
      if (wrong) o.onMisbehaved(wrong);
    },
  };
  const close = (twin: Twin): void => {
    twin.stop();
    twins.delete(twin.source);
    sources.delete(twin.name);
  };

  return {
    clusterID,
    peer,
    get nodeNames() {
      return [...nodes.keys()];
    },
    nodeOf: (namespace, name) => localPods.get(`${namespace}/${name}`)?.spec?.nodeName,
    poolOf: (node) => nodes.get(node ?? "") || undefined,
    setNodes: (next) => {
      nodes = next;
      localPods.setNodes(next.keys());
    },
    kube,
    log,
    health,
    localPods,
    signal,
    twinNamespace: (source) => twins.get(source)?.name,
    sourceNamespace: (name) => sources.get(name),
    twin: (source) => twins.get(source),
    twins: () => twins.values(),
    setTwins: (wanted) => {
      for (const twin of [...twins.values()]) if (wanted.get(twin.source) !== twin.name) close(twin);
      for (const [source, name] of wanted) {
        if (twins.has(source)) continue;
        twins.set(source, watchTwin(kube, source, name, handlers));
        sources.set(name, source);
      }
    },
    stop: async () => {
      abort.abort();
      for (const twin of [...twins.values()]) close(twin);
      probe.close();
      await health.done;
      await kube.close();
    },
  };
};

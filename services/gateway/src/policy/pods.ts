import { ORIGIN } from "@tideway/api";
import { informer, type Informer, type Kube, type Pod, pods } from "@tideway/k8s";
import { createGone } from "./gone.ts";
import type { PodView } from "./policy.ts";

/** Nothing else of a pod is kept: there may be many, and a packet asks only for these. */
export const slim = (pod: Pod): Pod => ({
  metadata: {
    name: pod.metadata.name,
    ...(pod.metadata.namespace ? { namespace: pod.metadata.namespace } : {}),
    ...(pod.metadata.resourceVersion ? { resourceVersion: pod.metadata.resourceVersion } : {}),
    ...(pod.metadata.labels?.[ORIGIN] ? { labels: { [ORIGIN]: pod.metadata.labels[ORIGIN] } } : {}),
  },
  spec: {
    nodeName: pod.spec?.nodeName ?? "",
    hostNetwork: pod.spec?.hostNetwork ?? false,
    containers: [],
  },
  status: { podIP: pod.status?.podIP ?? "", phase: pod.status?.phase ?? "" },
});

/**
 * A pod that ended has given its address back; one on its node's network has none of its own. One that is asked to end
 * still talks until it has: its deletion timestamp changes nothing.
 */
const hasAddress = ({ spec, status }: Readonly<Pod>): boolean =>
  !!status?.podIP && !spec?.hostNetwork && status.phase !== "Succeeded" && status.phase !== "Failed";

/** Of each object of a cache once: thousands are looked at for each one that changes. */
const views = new WeakMap<Readonly<Pod>, PodView[]>();
export const viewOf = (pod: Readonly<Pod>): PodView[] => {
  let view = views.get(pod);
  if (!view) views.set(pod, (view = makeView(pod)));
  return view;
};
const makeView = (pod: Readonly<Pod>): PodView[] => {
  const origin = pod.metadata.labels?.[ORIGIN];
  return hasAddress(pod) && !pod.status?.podIP?.includes(":")
    ? [
        {
          namespace: pod.metadata.namespace ?? "",
          ip: pod.status?.podIP ?? "",
          node: pod.spec?.nodeName ?? "",
          ...(origin ? { origin } : {}),
        },
      ]
    : [];
};

const differs = (a: Readonly<Pod> | undefined, b: Readonly<Pod> | undefined): boolean =>
  JSON.stringify(a ? viewOf(a) : []) !== JSON.stringify(b ? viewOf(b) : []);

export interface PodWatch {
  /** Watches exactly these namespaces; those that were watched already stay. */
  follow(namespaces: ReadonlySet<string>): void;
  guests(): PodView[];
  pods(): PodView[];
  /** Addresses of pods that ended a moment ago, and are nobody's since. */
  gone(): string[];
  /** ms until one of them is forgotten. */
  forgetsMs(): number | undefined;
  /** Whether what is followed was read once: until then a missing pod means nothing. */
  readonly hasSynced: boolean;
}

interface Followed {
  cache: Informer<Pod>;
  stop: AbortController;
}

/** Pods that the rules speak of, and no others: those made for peers, and those of offloaded or opened namespaces. */
export const watchPods = (d: {
  kube: Kube;
  signal: AbortSignal;
  changed: () => void;
  failed: (what: string, err: unknown) => void;
}): PodWatch => {
  const gone = createGone();
  const notice = (now: Readonly<Pod> | undefined, old: Readonly<Pod> | undefined): void => {
    const [is] = now ? viewOf(now) : [];
    const [was] = old ? viewOf(old) : [];
    if (was && was.ip !== is?.ip) gone.ended(was.ip);
    if (is) gone.used(is.ip);
  };
  const open = (o: { namespace?: string; labelSelector?: string }, signal: AbortSignal): Informer<Pod> => {
    const cache = informer(d.kube, pods, { ...o, transform: slim });
    cache.onChange((_, now, old) => {
      if (!differs(now, old)) return;
      notice(now, old);
      d.changed();
    });
    cache.onError((err) => d.failed(`pods of ${o.namespace ?? "peers"}`, err));
    void cache.synced.then(d.changed);
    cache.start(signal);
    return cache;
  };
  const guests = open({ labelSelector: ORIGIN }, d.signal);
  const followed = new Map<string, Followed>();
  return {
    follow: (namespaces) => {
      for (const [namespace, { stop }] of followed)
        if (!namespaces.has(namespace)) {
          stop.abort();
          followed.delete(namespace);
        }
      for (const namespace of namespaces)
        if (!followed.has(namespace)) {
          const stop = new AbortController();
          const cache = open({ namespace }, AbortSignal.any([d.signal, stop.signal]));
          followed.set(namespace, { cache, stop });
        }
    },
    guests: () => guests.list().flatMap(viewOf),
    pods: () => [...followed.values()].flatMap(({ cache }) => cache.list().flatMap(viewOf)),
    gone: () => gone.list(),
    forgetsMs: () => gone.nextMs(),
    get hasSynced() {
      return guests.hasSynced && [...followed.values()].every(({ cache }) => cache.hasSynced);
    },
  };
};

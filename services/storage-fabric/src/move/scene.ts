import { type Informer, informer, type Kube, type Pod, pods } from "@tideway/k8s";
import type { Logger } from "@tideway/log";

/** Pods of the namespaces in which something moves. */
export interface Scene {
  /** Opens the watch where there is none; undefined while it is not complete. */
  podsOf(namespace: string): readonly Readonly<Pod>[] | undefined;
  /** Watches of other namespaces end. */
  keep(namespaces: ReadonlySet<string>): void;
}

/** The right to watch comes with the move, so first tries may be refused; an informer tries again by itself. */
export const createScene = (d: {
  kube: Kube;
  log: Logger;
  signal: AbortSignal;
  /** Something in the namespace changed. */
  onChange(namespace: string): void;
}): Scene => {
  const open = new Map<string, { watch: Informer<Pod>; stop: AbortController }>();
  const start = (namespace: string) => {
    const stop = new AbortController();
    const watch = informer(d.kube, pods, { namespace, backoffMs: { first: 50, max: 2_000 } });
    watch.onChange(() => d.onChange(namespace));
    watch.onError((err) => d.log.debug({ err, namespace }, "watch of a move interrupted"));
    watch.start(AbortSignal.any([d.signal, stop.signal]));
    void watch.synced.then(() => d.onChange(namespace));
    const made = { watch, stop };
    open.set(namespace, made);
    return made;
  };
  return {
    podsOf: (namespace) => {
      const { watch } = open.get(namespace) ?? start(namespace);
      return watch.hasSynced ? watch.list() : undefined;
    },
    keep: (namespaces) => {
      for (const [namespace, { stop }] of open) {
        if (namespaces.has(namespace)) continue;
        stop.abort();
        open.delete(namespace);
      }
    },
  };
};

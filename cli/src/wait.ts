import { describeError } from "@tideway/errors";
import { informer, type Kube, type KubeObject, keyOf, type Resource } from "@tideway/k8s";

export interface WatchOne<T extends KubeObject, R> {
  name: string;
  namespace?: string;
  /** Called with each state, `undefined` for "does not exist". Anything but undefined ends the wait. */
  until: (obj: Readonly<T> | undefined) => R | undefined;
  /** The API server could not be watched; the watch goes on by itself. */
  onTrouble?: (message: string) => void;
  signal: AbortSignal;
}

/**
 * Follows one object until `until` answers. Rejects with the signal's reason when that comes first, and with
 * what `until` throws.
 */
export const watchOne = async <T extends KubeObject, R>(
  kube: Kube,
  r: Resource<T>,
  o: WatchOne<T, R>,
): Promise<R> => {
  const stop = new AbortController();
  const signal = AbortSignal.any([o.signal, stop.signal]);
  const watch = informer(kube, r, {
    fieldSelector: `metadata.name=${o.name}`,
    ...(o.namespace === undefined ? {} : { namespace: o.namespace }),
  });
  const key = keyOf({ metadata: o });
  try {
    return await new Promise<R>((resolve, reject) => {
      const look = (): void => {
        try {
          const answer = o.until(watch.get(key));
          if (answer !== undefined) resolve(answer);
        } catch (err) {
          reject(err);
        }
      };
      const giveUp = (): void => reject(o.signal.reason);
      if (o.signal.aborted) return giveUp();
      o.signal.addEventListener("abort", giveUp, { once: true });
      watch.onChange(look);
      watch.onError((err) => o.onTrouble?.(describeError(err)));
      void watch.synced.then(look);
      watch.start(signal);
    });
  } finally {
    stop.abort();
  }
};

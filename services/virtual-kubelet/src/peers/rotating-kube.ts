import { type Credentials, createKube, type Kube, PEER_BOUNDS } from "@tideway/k8s";

/** A client whose credentials are renewed under it; those who hold it notice nothing. */
export interface RotatingKube extends Kube {
  /** Requests from now on use these credentials. Watches under way go on with the old until they end. */
  renew(credentials: Credentials): void;
  /**
   * Breaks every connection. After a partition the old ones may hang for minutes in the kernel's
   * retransmission timers, although the peer answers again.
   */
  reconnect(): void;
  /** When the peer last answered anything, in ms of `now`. */
  heardAt(): number;
  heard(): void;
}

/** An old identity stays valid for at least half its life after the renewal; watches end within ten minutes. */
const OLD_CLIENT_MS = 11 * 60_000;

export const rotatingKube = (
  first: Credentials,
  o: { userAgent: string; now: () => number },
): RotatingKube => {
  const make = (c: Credentials): Kube => createKube(c, { userAgent: o.userAgent, bounds: PEER_BOUNDS });
  let current = make(first);
  let lastHeard = Number.NEGATIVE_INFINITY;
  const timers = new Set<NodeJS.Timeout>();
  const retired = new Set<Kube>();

  const swap = (credentials: Credentials): Kube => {
    const old = current;
    current = make(credentials);
    return old;
  };
  const heard = (): void => {
    lastHeard = o.now();
  };
  const close = async (kube: Kube): Promise<void> => {
    retired.delete(kube);
    await kube.close();
  };
  /** A request refused for a reason of the API's is an answer too; only silence is not. */
  const listen = async <R>(answer: Promise<R>): Promise<R> => {
    const value = await answer;
    heard();
    return value;
  };

  return {
    get credentials() {
      return current.credentials;
    },
    bounds: PEER_BOUNDS,
    held: { bytes: 0 },
    get: (...a) => listen(current.get(...a)),
    find: (...a) => listen(current.find(...a)),
    list: (...a) => listen(current.list(...a)),
    create: (...a) => listen(current.create(...a)),
    replace: (...a) => listen(current.replace(...a)),
    apply: (...a) => listen(current.apply(...a)),
    patch: (...a) => listen(current.patch(...a)),
    delete: (...a) => listen(current.delete(...a)),
    createSub: (...a) => listen(current.createSub(...a)),
    request: (...a) => listen(current.request(...a)),
    heard,
    heardAt: () => lastHeard,
    renew: (credentials) => {
      const old = swap(credentials);
      retired.add(old);
      const timer = setTimeout(() => {
        timers.delete(timer);
        void close(old);
      }, OLD_CLIENT_MS).unref();
      timers.add(timer);
    },
    reconnect: () => {
      const old = swap(current.credentials);
      for (const kube of [old, ...retired]) void close(kube);
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([current, ...retired].map(close));
    },
  };
};

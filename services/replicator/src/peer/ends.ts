import {
  ConflictError,
  isInvalid,
  isUnavailable,
  type MisbehavedError,
  misbehaviourOf,
} from "@tideway/errors";
import { type Informer, keyOf, type Kube } from "@tideway/k8s";
import {
  type Applied,
  type CopyObject,
  type End,
  FIELD_MANAGER,
  type Kind,
  PeerAwayError,
} from "../ports.ts";

export interface EndOptions {
  kind: Kind;
  kube: Kube;
  namespace: string;
  cache: Informer<CopyObject>;
  /** The objects of the namespace, where the cache holds more than that. */
  inNamespace?: () => readonly Readonly<CopyObject>[];
  /** Longest wait for one request, ms; unset: the client's own. */
  timeoutMs?: number;
}

/**
 * No object is ever at version 1, so an apply that carries it can only create: on an existing object it is a
 * conflict, whoever made it. One request, and it never takes over what is there.
 */
const ONLY_CREATE = "1";

export const makeEnd = (o: EndOptions): End => {
  const { kube, kind, namespace } = o;
  const placed = (body: Applied, resourceVersion?: string): Applied => ({
    ...body,
    metadata: {
      ...body.metadata,
      namespace,
      ...(resourceVersion ? { resourceVersion } : {}),
    } as Applied["metadata"],
  });
  return {
    get synced() {
      return o.cache.hasSynced;
    },
    cached: (name) => o.cache.get(keyOf({ metadata: { name, namespace } })),
    names: () => (o.inNamespace ?? o.cache.list)().map((obj) => obj.metadata.name),
    find: (name, signal) => kube.find(kind.resource, name, namespace, signal ? { signal } : {}),
    create: (body, signal) =>
      kube.apply(kind.resource, placed(body, ONLY_CREATE), {
        fieldManager: FIELD_MANAGER,
        ...(signal ? { signal } : {}),
      }),
    update: async (body, { subresource, signal }) => {
      const { name, uid } = body.metadata;
      const opts = signal ? { signal } : {};
      try {
        return await kube.apply(kind.resource, placed(body), {
          fieldManager: FIELD_MANAGER,
          ...(subresource ? { subresource } : {}),
          ...opts,
        });
      } catch (err) {
        // An apply onto another object of that name is refused as a change of its uid: ask whether that is why.
        if (!isInvalid(err)) throw err;
        const there = await kube.find(kind.resource, name, namespace, opts);
        if (there?.metadata.uid === uid) throw err;
        throw new ConflictError(`${name} has been made anew`);
      }
    },
    delete: (name, uid, signal) =>
      kube.delete(kind.resource, name, namespace, { uid, ...(signal ? { signal } : {}) }),
  };
};

/** The same over a line that may be cut: what does not come through in time is a PeerAwayError. */
export const remoteEnd = (
  o: EndOptions & { timeoutMs: number; address: string; onMisbehaved: (err: MisbehavedError) => void },
): End => {
  const end = makeEnd(o);
  const over = async <T>(
    signal: AbortSignal | undefined,
    call: (bounded: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const timeout = AbortSignal.timeout(o.timeoutMs);
    try {
      return await call(signal ? AbortSignal.any([signal, timeout]) : timeout);
    } catch (cause) {
      if (signal?.aborted) throw cause;
      const misbehaved = misbehaviourOf(cause);
      if (misbehaved) o.onMisbehaved(misbehaved);
      if (timeout.aborted) throw new PeerAwayError(`no answer from ${o.address} within ${o.timeoutMs} ms`);
      if (isUnavailable(cause)) throw new PeerAwayError(`${o.address} cannot be reached`, { cause });
      throw cause;
    }
  };
  return {
    get synced() {
      return end.synced;
    },
    cached: end.cached,
    names: end.names,
    find: (name, signal) => over(signal, (s) => end.find(name, s)),
    create: (body, signal) => over(signal, (s) => end.create(body, s)),
    update: (body, opts) => over(opts.signal, (s) => end.update(body, { ...opts, signal: s })),
    delete: (name, uid, signal) => over(signal, (s) => end.delete(name, uid, s)),
  };
};

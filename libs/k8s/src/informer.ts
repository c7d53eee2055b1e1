import { describeError, GoneError, MisbehavedError, UnavailableError } from "@tideway/errors";
import { errorIn, errorOf, type Kube } from "./client.ts";
import { keyOf, type KubeObject, pathOf, type Resource } from "./types.ts";
import { parseAnswer } from "./transport.ts";
import { jsonLines } from "./watch-stream.ts";

export interface InformerOptions<T extends KubeObject> {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Ask only for metadata (PartialObjectMetadata): for what is counted or compared by uid, not read. */
  metadataOnly?: boolean;
  /** Keep less: called once an object before it enters the cache. managedFields are always dropped. */
  transform?: (obj: T) => T;
  /** First and longest wait between attempts after an error, in ms; doubled each time, with full jitter. Default 100 and 5,000. */
  backoffMs?: { first: number; max: number };
  /**
   * A watch that delivers nothing, not even a bookmark, is opened anew after this many ms. Default 660,000, above
   * the longest time a watch is asked for: a quiet API server may send no bookmark at all, and a line that is dead
   * is noticed by TCP.
   */
  silenceMs?: number;
  random?: () => number;
  now?: () => number;
}

export type ChangeHandler<T> = (
  key: string,
  obj: Readonly<T> | undefined,
  old: Readonly<T> | undefined,
) => void;

/**
 * A local copy of a collection, kept current by list and watch with bookmarks (KEP-956).
 *
 * Lists again on 410 and after errors, with jittered backoff, and never stops by itself. While it is not
 * `hasSynced`, absence from the cache means nothing. Handlers see each object's newest state; a deletion
 * that happened during a gap is delivered by the next list.
 */
export interface Informer<T extends KubeObject> {
  start(signal: AbortSignal): void;
  /** Resolves after the first complete list was delivered to the handlers. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  get(key: string): Readonly<T> | undefined;
  list(): Readonly<T>[];
  readonly size: number;
  onChange(handler: ChangeHandler<T>): () => void;
  /** Called when a list or watch fails; the informer goes on by itself. */
  onError(handler: (err: unknown) => void): () => void;
  /** Called when a list or watch works again after an error, and the first time. */
  onConnect(handler: () => void): () => void;
  /** Seconds since the server was last heard; 0 while a watch is open. */
  staleSeconds(): number;
  index(name: string, of: (obj: Readonly<T>) => string[]): void;
  byIndex(name: string, value: string): Readonly<T>[];
}

interface WatchEvent<T> {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: T & { code?: number; reason?: string; message?: string };
}

const EVENTS: ReadonlySet<string> = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]);
/** A segment of a path (`IsValidPathSegmentName` of Kubernetes). */
const NAME = /^(?!\.{1,2}$)[^/%]{1,253}$/;
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

export const informer = <T extends KubeObject>(
  kube: Kube,
  r: Resource<T>,
  o: InformerOptions<T> = {},
): Informer<T> => {
  const cache = new Map<string, T>();
  const changes = new Set<ChangeHandler<T>>();
  const errors = new Set<(err: unknown) => void>();
  const connects = new Set<() => void>();
  const indexes = new Map<string, { of: (obj: Readonly<T>) => string[]; values: Map<string, Set<string>> }>();
  const { promise: synced, resolve: markSynced } = Promise.withResolvers<void>();
  const random = o.random ?? Math.random;
  const now = o.now ?? Date.now;
  const backoff = o.backoffMs ?? { first: 100, max: 5_000 };
  const silenceMs = o.silenceMs ?? 660_000;
  let hasSynced = false;
  let heardAt = now();
  let watching = false;
  let broken = false;
  /** Since a watch last lasted: a server that breaks each one soon after is not asked ever faster. */
  let failures = 0;
  let version: string | undefined;

  const { bounds } = kube;
  const path = pathOf(r, o.namespace);
  const selectors = { labelSelector: o.labelSelector, fieldSelector: o.fieldSelector };

  /** What another's API server sends must be an object of the place that was asked for. */
  const sound = (obj: T): T => {
    const { name, namespace } = (obj as Partial<T> | null)?.metadata ?? {};
    const isName = typeof name === "string" && NAME.test(name);
    if (!isName || (o.namespace !== undefined && namespace !== o.namespace))
      throw new MisbehavedError(
        "ForeignObject",
        `${path} gave an object of another place: ${String(namespace).slice(0, 253)}/${String(name).slice(0, 253)}`,
      );
    return obj;
  };

  const keep = (obj: T): T => {
    delete obj.metadata.managedFields;
    return o.transform ? o.transform(obj) : obj;
  };

  const reindex = (key: string, obj: T | undefined, old: T | undefined): void => {
    for (const { of, values } of indexes.values()) {
      if (old) for (const v of of(old)) values.get(v)?.delete(key);
      if (obj)
        for (const v of of(obj)) {
          let keys = values.get(v);
          if (!keys) values.set(v, (keys = new Set()));
          keys.add(key);
        }
    }
  };

  /** Of what is kept, where it is bounded. */
  const sizes = new Map<string, number>();
  const weigh = (key: string, bytes: number): void => {
    const more = bytes - (sizes.get(key) ?? 0);
    if (kube.held.bytes + more > bounds.heldBytes)
      throw new MisbehavedError(
        "ListTooLong",
        `${path}: more than ${bounds.heldBytes} bytes are kept of this server`,
      );
    kube.held.bytes += more;
    if (bytes > 0) sizes.set(key, bytes);
    else sizes.delete(key);
  };
  const release = (): void => {
    for (const bytes of sizes.values()) kube.held.bytes -= bytes;
    sizes.clear();
  };

  const put = (key: string, obj: T | undefined, bytes = 0): void => {
    if (bounds.heldBytes !== Infinity) weigh(key, bytes);
    const old = cache.get(key);
    if (obj) cache.set(key, obj);
    else if (!cache.delete(key)) return;
    if (indexes.size > 0) reindex(key, obj, old);
    for (const handler of changes) handler(key, obj, old);
  };

  const heard = (): void => {
    heardAt = now();
    if (broken || !hasSynced) for (const handler of connects) handler();
    broken = false;
  };

  const list = async (signal: AbortSignal): Promise<string> => {
    const seen = new Set<string>();
    let token: string | undefined;
    let listVersion = "";
    let pages = 0;
    do {
      if (++pages > bounds.pages) throw new MisbehavedError("ListTooLong", `LIST ${path} does not end`);
      const answer = await kube.request({
        method: "GET",
        path,
        // resourceVersion 0 takes the first list from the server's watch cache; a paged one must be consistent.
        query: { ...selectors, limit: bounds.page, continue: token },
        signal,
        ...(o.metadataOnly ? { headers: { accept: METADATA_LIST } } : {}),
      });
      const text = await answer.body.text();
      if (answer.status !== 200) throw errorIn(answer.status, text, `LIST ${path}`);
      const body = parseAnswer(text) as {
        items?: T[];
        metadata?: { continue?: string; resourceVersion?: string };
      };
      const each = Math.ceil(text.length / (body.items?.length || 1));
      for (const item of body.items ?? []) {
        const key = keyOf(sound(item));
        seen.add(key);
        if (seen.size > bounds.objects)
          throw new MisbehavedError("ListTooLong", `LIST ${path} has more than ${bounds.objects} objects`);
        if (cache.get(key)?.metadata.resourceVersion !== item.metadata.resourceVersion)
          put(key, keep(item), each);
      }
      token = body.metadata?.continue || undefined;
      listVersion = body.metadata?.resourceVersion ?? listVersion;
    } while (token);
    for (const key of [...cache.keys()]) if (!seen.has(key)) put(key, undefined);
    return listVersion;
  };

  const handle = (event: WatchEvent<T>, bytes: number): void => {
    const { object } = event;
    if (typeof object !== "object" || object === null || !EVENTS.has(event.type))
      throw new MisbehavedError("NotAnEvent", `WATCH ${path} gave what is no event`);
    if (event.type === "ERROR") throw errorOf(object.code ?? 500, object, `WATCH ${path}`);
    if (event.type !== "BOOKMARK") sound(object);
    version = object.metadata?.resourceVersion ?? version;
    if (event.type === "BOOKMARK") return;
    const gone = event.type === "DELETED";
    put(keyOf(object), gone ? undefined : keep(object), gone ? 0 : bytes);
    if (cache.size > bounds.objects)
      throw new MisbehavedError("ListTooLong", `WATCH ${path} gave more than ${bounds.objects} objects`);
  };

  const watch = async (signal: AbortSignal): Promise<void> => {
    const answer = await kube.request({
      method: "GET",
      path,
      query: {
        ...selectors,
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: version,
        timeoutSeconds: 300 + Math.floor(random() * 300),
      },
      signal,
      bodyTimeoutMs: 0,
      ...(o.metadataOnly ? { headers: { accept: METADATA } } : {}),
    });
    if (answer.status !== 200) throw errorIn(answer.status, await answer.body.text(), `WATCH ${path}`);
    heard();
    watching = true;
    const openedAt = now();
    try {
      await jsonLines<WatchEvent<T>>(
        answer.body,
        { silenceMs, maxBytes: bounds.eventBytes },
        (event, bytes) => {
          heardAt = now();
          handle(event, bytes);
        },
      );
    } finally {
      watching = false;
      if (now() - openedAt >= backoff.max) failures = 0;
    }
  };

  const pause = (signal: AbortSignal): Promise<void> => {
    const ms = random() * Math.min(backoff.max, backoff.first * 2 ** Math.min(failures, 16));
    return new Promise((done) => {
      const timer = setTimeout(finish, ms);
      function finish(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        done();
      }
      signal.addEventListener("abort", finish);
    });
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        if (version === undefined) {
          version = await list(signal);
          heard();
          if (!hasSynced) {
            hasSynced = true;
            markSynced();
          }
        }
        const openedAt = now();
        await watch(signal); // ends by the server's timeout: open it again from the last version
        if (now() - openedAt >= 1_000) continue;
        failures++; // a server that is shutting down ends watches at once
        await pause(signal);
      } catch (err) {
        if (signal.aborted) return;
        // A version that is too old, and any answer that is not a mere break of the line, asks for a new list.
        if (err instanceof GoneError || !(err instanceof UnavailableError)) version = undefined;
        failures++;
        broken = true;
        if (err instanceof GoneError && failures === 1) continue;
        for (const handler of errors) handler(err);
        await pause(signal);
      }
    }
  };

  return {
    start: (signal) => {
      signal.addEventListener("abort", release, { once: true });
      void run(signal);
    },
    synced,
    get hasSynced() {
      return hasSynced;
    },
    get size() {
      return cache.size;
    },
    get: (key) => cache.get(key),
    list: () => [...cache.values()],
    onChange: (handler) => {
      changes.add(handler);
      if (cache.size > 0) for (const [key, obj] of cache) handler(key, obj, undefined);
      return () => changes.delete(handler);
    },
    onError: (handler) => {
      errors.add(handler);
      return () => errors.delete(handler);
    },
    onConnect: (handler) => {
      connects.add(handler);
      return () => connects.delete(handler);
    },
    staleSeconds: () => (watching ? 0 : (now() - heardAt) / 1000),
    index: (name, of) => {
      const values = new Map<string, Set<string>>();
      indexes.set(name, { of, values });
      for (const [key, obj] of cache)
        for (const v of of(obj)) {
          const keys = values.get(v) ?? new Set();
          values.set(v, keys.add(key));
        }
    },
    byIndex: (name, value) => {
      const index = indexes.get(name);
      if (!index) throw new Error(`informer of ${r.plural} has no index "${name}"`);
      return [...(index.values.get(value) ?? [])].flatMap((key) => cache.get(key) ?? []);
    },
  };
};

/** One line about why an informer is behind, for conditions. */
export const describeLag = (i: Informer<KubeObject>, err: unknown): string =>
  `${Math.round(i.staleSeconds())} s behind: ${describeError(err)}`;

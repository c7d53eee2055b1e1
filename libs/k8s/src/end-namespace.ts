import { describeError, isNotFound, TidewayError } from "@tideway/errors";
import { type ApiKind, deletableKinds } from "./api-kinds.ts";
import { errorIn, type Kube } from "./client.ts";
import { type Namespace, namespaces, roleBindings } from "./core.ts";
import { type ObjectMeta, pathOf } from "./types.ts";

export interface EndOptions {
  signal?: AbortSignal;
  log?: { debug(fields: object, message: string): void };
  /** End only the namespace with this uid; another one of the name counts as ended. */
  uid?: string;
  /**
   * Bound in the namespace before it is deleted, so that its content may be seen and deleted, and gone with it: list
   * and deletecollection of everything. Without it the identity must have these rights already.
   */
  rights?: { clusterRole: string; serviceAccount: { name: string; namespace: string } };
  /**
   * How long after the deletion a kind is first looked at, in ms. Default 150. Until every admission plugin and
   * controller has seen that the namespace ends, something may still be made in it.
   */
  settleMs?: number;
  /**
   * A namespace younger than this, in ms, is left to the namespace controller. Default 10,000. The controller looks 5 s
   * after a deletion, by name: what is left of the deletion of an earlier namespace of this name could begin with this
   * one, and go on in the next one, whose content it would delete.
   */
  minAgeMs?: number;
  /** How long to wait for what others hold back, in ms. Default 4,000: the namespace controller begins after 5 s. */
  patienceMs?: number;
}

/** `ended: false` is no failure: the namespace is Terminating, and the namespace controller ends it. */
export type Ended = { ended: true } | { ended: false; reason: string };

/** Field manager of the RoleBinding that gives the rights. */
const MANAGER = "tideway-namespace-end";
/** Kinds that are asked about at the same time. */
const PARALLEL = 8;
const PAUSE_MS = { first: 20, max: 250 };
/** Namespaces that one client looks into at the same time: the deletion of many must not take all of an API server. */
const AT_ONCE = 4;
const METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

interface Context {
  kube: Kube;
  name: string;
  signal: AbortSignal | undefined;
  /** By `performance.now()`. */
  giveUpAt: number;
}

const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });

/** By client: how many are at it, and who waits. */
const turns = new WeakMap<Kube, { busy: number; waiting: (() => void)[] }>();

/** False when its turn did not come in time. */
const takeTurn = async (c: Context): Promise<boolean> => {
  const t = turns.get(c.kube) ?? { busy: 0, waiting: [] };
  turns.set(c.kube, t);
  if (t.busy < AT_ONCE) {
    t.busy++;
    return true;
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const next = (): void => resolve(true); // the place of the one before
  t.waiting.push(next);
  void pause(Math.max(0, c.giveUpAt - performance.now()), c.signal).then(() => {
    const at = t.waiting.indexOf(next);
    if (at < 0) return;
    t.waiting.splice(at, 1);
    resolve(false);
  });
  return promise;
};

const endTurn = ({ kube }: Context): void => {
  const t = turns.get(kube);
  const next = t?.waiting.shift();
  if (next) next();
  else if (t) t.busy--;
};

const send = async <R>(c: Context, method: "GET" | "DELETE", k: ApiKind, limit?: number): Promise<R> => {
  const path = pathOf(k, c.name);
  const query = limit === undefined ? {} : { limit };
  const o = c.signal ? { signal: c.signal } : {};
  const answer = await c.kube.request({ method, path, query, headers: { accept: METADATA }, ...o });
  const text = await answer.body.text();
  if (answer.status >= 300) throw errorIn(answer.status, text, `${method} ${path}`);
  return JSON.parse(text || "{}") as R;
};

/** Undefined: nothing of the kind is there. No resourceVersion, so the answer is of now and not of a cache. */
const firstOf = async (c: Context, k: ApiKind): Promise<ObjectMeta | undefined> =>
  (await send<{ items?: { metadata: ObjectMeta }[] | null }>(c, "GET", k, 1)).items?.[0]?.metadata;

const heldBack = (k: ApiKind, m: ObjectMeta): string =>
  `${k.plural} ${m.name} is still there${m.finalizers?.length ? `, held by ${m.finalizers.join(", ")}` : ""}`;

/** Returns when nothing of the kind is left. Finalizers of others are waited for, never touched. */
const empty = async (c: Context, k: ApiKind): Promise<void> => {
  if (!k.verbs.has("list")) throw new TidewayError(`${k.plural}.${k.group} cannot be listed`);
  let ms = PAUSE_MS.first;
  for (let asked = false; ; asked = true) {
    const left = await firstOf(c, k);
    if (!left) return;
    if (!k.verbs.has("deletecollection")) throw new TidewayError(heldBack(k, left));
    c.signal?.throwIfAborted();
    if (!asked) await send(c, "DELETE", k);
    else if (performance.now() + ms > c.giveUpAt) throw new TidewayError(heldBack(k, left));
    else {
      await pause(ms, c.signal);
      ms = Math.min(ms * 2, PAUSE_MS.max);
    }
  }
};

/**
 * Without another look: the deletion may take away the very right to look. What is listed here is all there is,
 * since nothing new can come.
 */
const emptyBlind = async (c: Context, k: ApiKind): Promise<void> => {
  const items = (await send<{ items?: { metadata: ObjectMeta }[] | null }>(c, "GET", k)).items ?? [];
  const held = items.find(({ metadata }) => metadata.finalizers?.length);
  if (held) throw new TidewayError(heldBack(k, held.metadata));
  if (items.length > 0) await send(c, "DELETE", k);
};

const isRoleBinding = (k: ApiKind): boolean =>
  k.group === roleBindings.group && k.plural === roleBindings.plural;

const emptyAll = async (c: Context, kinds: readonly ApiKind[]): Promise<void> => {
  const queue = kinds.filter((k) => !isRoleBinding(k));
  const abort = new AbortController();
  const signal = c.signal ? AbortSignal.any([c.signal, abort.signal]) : abort.signal;
  const work = async (): Promise<void> => {
    for (let k = queue.shift(); k && !signal.aborted; k = queue.shift()) await empty({ ...c, signal }, k);
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, work));
  } catch (err) {
    abort.abort(err);
    throw err;
  }
  c.signal?.throwIfAborted();
  for (const k of kinds.filter(isRoleBinding)) await emptyBlind(c, k);
};

const find = (c: Context): Promise<Namespace | undefined> =>
  c.kube.find(namespaces, c.name, undefined, c.signal ? { signal: c.signal } : {});

/** Takes Kubernetes' own finalizer off a namespace known to be empty. False when somebody else holds it. */
const finalize = async (c: Context, uid: string | undefined): Promise<boolean> => {
  const there = await find(c);
  if (!there || there.metadata.uid !== uid) return true;
  const finalizers = (there.spec?.finalizers ?? []).filter((f) => f !== "kubernetes");
  try {
    await c.kube.replace(
      namespaces,
      { ...there, spec: { ...there.spec, finalizers } },
      { subresource: "finalize", ...(c.signal ? { signal: c.signal } : {}) },
    );
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
  return (await find(c))?.metadata.uid !== uid;
};

const bind = (c: Context, r: NonNullable<EndOptions["rights"]>): Promise<unknown> =>
  c.kube.apply(
    roleBindings,
    {
      metadata: { name: r.clusterRole, namespace: c.name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: r.clusterRole },
      subjects: [{ kind: "ServiceAccount", ...r.serviceAccount }],
    },
    { fieldManager: MANAGER, ...(c.signal ? { signal: c.signal } : {}) },
  );

const CONTROLLER_BEGINS_MS = 5_000;

/** The namespace controller begins with this deletion soon, or might with one before it under the same name. */
const mayMeetController = ({ metadata }: Namespace, minAgeMs: number): boolean => {
  const now = Date.now();
  const deletedAt = metadata.deletionTimestamp ? Date.parse(metadata.deletionTimestamp) : now;
  const ageMs = deletedAt - Date.parse(metadata.creationTimestamp ?? "");
  return !(ageMs >= minAgeMs) || now - deletedAt > CONTROLLER_BEGINS_MS / 2;
};

/**
 * Deletes a namespace and sees it to its end, which the namespace controller of Kubernetes begins only after five
 * seconds. Once a namespace is Terminating nothing can be made in it, so a kind that was seen empty stays empty; when
 * all kinds were, the namespace goes. Whatever is in doubt is left to the namespace controller: a kind that cannot be
 * seen, an object that a finalizer holds. Throws only when the namespace could not even be deleted. Idempotent, and
 * may run in several places at once.
 */
export const endNamespace = async (kube: Kube, name: string, o: EndOptions = {}): Promise<Ended> => {
  const startedAt = performance.now();
  const c: Context = { kube, name, signal: o.signal, giveUpAt: startedAt + (o.patienceMs ?? 4_000) };
  const there = await find(c);
  const uid = o.uid ?? there?.metadata.uid;
  if (!there || there.metadata.uid !== uid) return { ended: true };
  const left = (reason: string): Ended => {
    o.log?.debug({ namespace: name, reason }, "the namespace is left to the namespace controller");
    return { ended: false, reason };
  };
  if (!there.metadata.deletionTimestamp) {
    // without the rights it still ends, only later
    if (o.rights)
      await bind(c, o.rights).catch((err: unknown) =>
        o.log?.debug({ namespace: name, reason: describeError(err) }, "no right to look into the namespace"),
      );
    await kube.delete(namespaces, name, undefined, {
      ...(uid ? { uid } : {}),
      ...(o.signal ? { signal: o.signal } : {}),
    });
  }
  if (mayMeetController(there, o.minAgeMs ?? 10_000)) return left("the namespace controller may be at it");
  try {
    const [kinds] = await Promise.all([deletableKinds(kube, o.signal), pause(o.settleMs ?? 150, o.signal)]);
    o.signal?.throwIfAborted();
    if (!(await takeTurn(c))) return left("too many namespaces end at once");
    try {
      await emptyAll(c, kinds);
    } finally {
      endTurn(c);
    }
    if (!(await finalize(c, uid))) return left("a finalizer of somebody else holds the namespace");
  } catch (err) {
    const now = await find(c).catch(() => there);
    if (now?.metadata.uid !== uid) return { ended: true }; // somebody else was quicker
    return left(describeError(err));
  }
  o.log?.debug({ namespace: name, ms: Math.round(performance.now() - startedAt) }, "namespace ended");
  return { ended: true };
};

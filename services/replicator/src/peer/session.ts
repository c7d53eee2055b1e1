import { describeError, isUnavailable, type MisbehavedError, misbehaviourOf } from "@tideway/errors";
import { errorIn, informer, type Informer, type Kube, pathOf } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { PEER } from "@tideway/api/names";
import { type Copier, createCopier } from "../copy/reconciler.ts";
import {
  type CopyObject,
  type Kind,
  type Lane,
  lanesOf,
  type OnMisdeed,
  type Peer,
  PeerAwayError,
} from "../ports.ts";
import { remoteEnd } from "./ends.ts";
import { type LinkState, openLink } from "./link.ts";
import type { Local } from "./local.ts";

export interface SessionOptions {
  peer: Peer;
  ownClusterID: string;
  kinds: readonly Kind[];
  local: Local;
  /** A client of the peer with its newest credentials. */
  open(): Kube;
  /** Something happened to this object, here or there. */
  touched(kind: Kind, name: string): void;
  onMisdeed: OnMisdeed;
  /** The link or the completeness of a cache changed. */
  onChange(): void;
  /** ms since the epoch after which nothing is expected of the peer; asked at every look. */
  deadline(): number | undefined;
  timing: { probeMs: number; requestTimeoutMs: number; backoffMs: { first: number; max: number } };
  log: Logger;
}

/** How things stand with a peer, in one look. */
export interface Summary {
  link: LinkState;
  /** Both sides' caches have held complete lists. */
  synced: boolean;
  /** What keeps the peer's cache from being complete. */
  problem: string | undefined;
  /** Why the last attempt at some object failed. */
  error: string | undefined;
  /** Objects that wait to be copied. */
  backlog: number;
  /** Objects that concern us, on either side. */
  objects: number;
  /** `kind/name` of copies whose name something else holds. */
  taken: string[];
  /** `kind/name` of the peer's objects that are not copied, being too many or too large. */
  tooMuch: string[];
}

export interface Session {
  readonly peer: Peer;
  /** One a lane of the kind; none where the kind does not cross. */
  copiers(kind: string): readonly Copier[];
  /** Every object looked at again. */
  touchAll(): void;
  suspect(): void;
  /** The credentials changed. */
  renew(): void;
  readonly isUp: boolean;
  summary(): Summary;
  close(): Promise<void>;
}

const probe =
  (kind: Kind, namespace: string, timeoutMs: number, address: string) =>
  async (kube: Kube, stop: AbortSignal): Promise<void> => {
    const path = pathOf(kind.resource, namespace);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const query = { limit: 1, resourceVersion: "0" }; // from the server's memory
      const answer = await kube.request({
        method: "GET",
        path,
        query,
        signal: AbortSignal.any([stop, timeout]),
      });
      const text = await answer.body.text();
      if (answer.status >= 300) throw errorIn(answer.status, text, `LIST ${address}${path}`);
    } catch (err) {
      if (!stop.aborted && timeout.aborted)
        throw new PeerAwayError(`no answer from ${address} within ${timeoutMs} ms`);
      throw err;
    }
  };

/** Everything that is held for one peer: the link, the watches over there, and a copier a lane of each kind. */
export const openSession = (o: SessionOptions): Session => {
  const { peer, timing, kinds } = o;
  const remote = new Map<Kind, Informer<CopyObject>>();
  const problems = new Map<Kind, string>();
  const misbehaved =
    (kind: Kind) =>
    (err: MisbehavedError): void =>
      o.onMisdeed({ object: kind.resource.kind, reason: err.reason, message: describeError(err) });
  const look = probe(kinds[0]!, peer.remoteNamespace, timing.requestTimeoutMs, peer.server);
  const link = openLink({
    open: o.open,
    probe: (kube, signal) =>
      look(kube, signal).catch((err: unknown) => {
        const wrong = misbehaviourOf(err);
        if (wrong) misbehaved(kinds[0]!)(wrong);
        throw err;
      }),
    watch: (signal) => queueMicrotask(() => remote.forEach((cache) => cache.start(signal))),
    onChange: () => {
      touchAll();
      o.onChange();
    },
    probeMs: timing.probeMs,
    backoffMs: timing.backoffMs,
    log: o.log,
  });

  const follow = (kind: Kind): Informer<CopyObject> => {
    const cache = informer<CopyObject>(link.kube, kind.resource, {
      namespace: peer.remoteNamespace,
      backoffMs: timing.backoffMs,
    });
    cache.onChange((_key, obj, old) => o.touched(kind, (obj ?? old)!.metadata.name));
    cache.onError((err) => {
      problems.set(kind, describeError(err));
      const wrong = misbehaviourOf(err);
      if (wrong) misbehaved(kind)(wrong);
      if (isUnavailable(err)) link.suspect();
      o.onChange();
    });
    cache.onConnect(() => {
      problems.delete(kind);
      link.heard();
      o.onChange();
    });
    void cache.synced.then(() => {
      touchAll(); // from now on absence counts
      o.onChange();
    });
    return cache;
  };

  const copiers = new Map<string, readonly Copier[]>();
  for (const kind of kinds) {
    const cache = follow(kind);
    remote.set(kind, cache);
    const here = o.local.end(kind, peer.localNamespace);
    const namespace = peer.remoteNamespace;
    const there = remoteEnd({
      kind,
      kube: link.kube,
      namespace,
      cache,
      timeoutMs: timing.requestTimeoutMs,
      address: peer.server,
      onMisbehaved: misbehaved(kind),
    });
    const copierOf = (lane: Lane): Copier => {
      const push = lane === "Push";
      return createCopier({
        kind,
        lane,
        originCluster: push ? o.ownClusterID : peer.id,
        copyLabels: push ? {} : { [PEER]: peer.name },
        ends: push ? { origin: here, copy: there } : { origin: there, copy: here },
        onMisdeed: o.onMisdeed,
        reachable: () => link.state.status !== "Down",
        ended: () => Date.now() >= (o.deadline() ?? Infinity),
      });
    };
    copiers.set(kind.name, lanesOf(kind).map(copierOf));
  }

  const copiersOf = (kind: string): readonly Copier[] => copiers.get(kind) ?? [];

  const touchAll = (): void => {
    for (const kind of kinds)
      for (const name of new Set(copiersOf(kind.name).flatMap((c) => [...c.names()]))) o.touched(kind, name);
  };

  const summary = (): Summary => {
    const s: Summary = {
      link: link.state,
      synced: o.local.synced && [...remote.values()].every((c) => c.hasSynced),
      problem: [...problems.values()][0],
      error: undefined,
      backlog: 0,
      objects: 0,
      taken: [],
      tooMuch: [],
    };
    const taken = new Set<string>();
    const tooMuch = new Set<string>();
    for (const kind of kinds)
      for (const copier of copiersOf(kind.name))
        for (const name of copier.names()) {
          const { state } = copier.plan(name);
          if (state !== "Nothing") s.objects++;
          if (state === "Pending") s.backlog++;
          if (state === "Pending") s.error ??= copier.lastError(name);
          if (state === "NameTaken") taken.add(`${kind.resource.kind}/${name}`);
          if (state === "TooMuch") tooMuch.add(`${kind.resource.kind}/${name}`);
        }
    return { ...s, taken: [...taken], tooMuch: [...tooMuch] };
  };

  touchAll(); // what is known here already is pushed while the peer's lists are still on their way
  return {
    peer,
    copiers: copiersOf,
    touchAll,
    suspect: link.suspect,
    renew: link.renew,
    get isUp() {
      return link.state.status === "Up";
    },
    summary,
    close: link.close,
  };
};

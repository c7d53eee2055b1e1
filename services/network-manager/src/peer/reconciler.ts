/** Keeps the network to a peer as both owners want it. The key is the peer's cluster ID; everything is looked at anew. */
import { foreignClusters, type NetworkConfig, tunnelName } from "@tideway/api";
import type { PeerConditionWriter } from "@tideway/api/foreign-cluster-condition";
import type { Bus } from "@tideway/bus";
import type { Reconcile, ReconcileContext } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import { withSpan } from "@tideway/telemetry/tracing";
import { ExhaustedError } from "../pool/book.ts";
import type { PoolStore } from "../pool/store.ts";
import type { Clock, Heard, Own } from "../ports.ts";
import { isAnnouncement, isNew } from "./announce.ts";
import { allocate, releaseAll } from "./allocate.ts";
import { conditionOf, configSpec, factOf, goneFact, isReady, tunnelSpec } from "./describe.ts";
import { endpointsOf, ensureService, type Exposing } from "./expose.ts";
import { planKeys } from "./keys.ts";
import type { Link, Networks } from "./model.ts";
import { newest } from "./newest.ts";
import * as objects from "./objects.ts";
import type { Patience } from "./patience.ts";
import { DIRECTIONS, type Peers } from "./peers.ts";
import type { Rings } from "./ring.ts";
import { isAsked, type Rotations } from "./rotation.ts";
import { show } from "./show.ts";
import { type Stage, type Staged, stageOf } from "./stage.ts";
import { ownRefusal, type Refusal, refusalOf } from "./validate.ts";

export interface Deps {
  clusterID: string;
  kube: Pick<Kube, "find">;
  heard: Heard;
  peers: Peers;
  owns: (id: string) => boolean;
  clock: Clock;
  own: () => Own;
  store: PoolStore;
  rings: Rings;
  rotations: Rotations;
  patience: Patience;
  exposing: Exposing;
  writer: objects.Writer;
  publish: Bus["publish"];
  condition: PeerConditionWriter;
  /** Told of each link's state, for the metrics. */
  seen?: (id: string, state: "up" | "refused" | "pending" | undefined) => void;
}

interface Peer {
  id: string;
  name: string;
}

const observe = (d: Deps, { id, name }: Peer): Staged => {
  const peer = d.heard.peers.get(id)?.data;
  const last = d.heard.said.get(id);
  const said = last?.data;
  return stageOf({
    wanted: peer && peer.phase === "PRESENT" && peer.outgoing,
    outgoing: d.heard.identities.get(id, "outgoing")?.data.state,
    incoming: d.heard.identities.get(id, "incoming")?.data.state,
    node: d.heard.nodes.get(id)?.data.state,
    unpeerDeadline: peer?.unpeerDeadline || undefined,
    stands: d.peers.ownConfigs(id).length > 0 || d.rings.get(id, name) !== undefined,
    was: { consumer: said?.consumer ?? false, provider: said?.provider ?? false },
    brought: d.peers.broughtConfigs(id, "incoming").some((c) => !c.metadata.deletionTimestamp),
    isNew: isNew(last, d.heard.identities.get(id, "incoming")?.time),
    now: d.clock.now().toISOString(),
  });
};

interface Verdict {
  theirs: Readonly<NetworkConfig> | undefined;
  refusal: Refusal | undefined;
}

/** One that is not its own makes the peer a liar, whatever else it announces. */
const judge = (d: Deps, { id, name }: Peer, own: Own): Verdict => {
  const ownFault = ownRefusal(own);
  if (ownFault) return { theirs: undefined, refusal: ownFault };
  const ownKeys = d.rings.get(id, name)?.keys.map((k) => k.publicKey) ?? [];
  const brought = d.peers.broughtConfigs(id, ...DIRECTIONS).filter((c) => !c.metadata.deletionTimestamp);
  const context = { peer: id, clusterID: d.clusterID, own, ownKeys };
  for (const config of brought) {
    const refusal = refusalOf(config, context);
    if (refusal) return { theirs: undefined, refusal };
  }
  return {
    theirs: newest(brought.map((config) => ({ config, at: d.peers.heardAt(config) }))),
    refusal: undefined,
  };
};

/** How the peer was seen until now, where the pool has forgotten it. */
const seenBefore = (d: Deps, id: string): Networks | undefined =>
  d.peers.ownConfigs(id).find((c) => c.spec.mapping)?.spec.mapping;

const take = async (
  d: Deps,
  { id }: Peer,
  { theirs, refusal }: Verdict,
): Promise<{ seen?: Networks; refusal: Refusal | undefined }> => {
  const before = seenBefore(d, id);
  if (!theirs || refusal) return { refusal, ...(before ? { seen: before } : {}) };
  try {
    return { seen: await allocate(d.store, id, theirs, before), refusal };
  } catch (err) {
    if (!(err instanceof ExhaustedError)) throw err;
    return { refusal: { reason: "PoolExhausted", message: err.message } };
  }
};

const publish = (d: Deps, fact: Parameters<typeof factOf>[0] | Peer, ctx: ReconcileContext): void => {
  const said = "keys" in fact ? factOf(fact) : goneFact(fact.id, fact.name);
  // Not awaited: the publisher tries until it is stored, and a lost bus must not keep objects from being written.
  d.publish("network", { peer: fact.id }, said, { traceparent: traceOf(d, fact.id) }).catch(
    (err: unknown) => {
      if (!ctx.signal.aborted) ctx.log.error({ err, peer: fact.id }, "network fact not published");
    },
  );
};

/** The identity that makes the exchange possible began it. */
const traceOf = (d: Deps, id: string): string | undefined =>
  d.heard.identities.get(id, "outgoing")?.traceparent ?? d.heard.identities.get(id, "incoming")?.traceparent;

interface Exposed {
  keys: Link["keys"];
  listenPort: number;
  secretName: string;
  recheckMs: number | undefined;
}

/** Keys and port, each written only where it differs; both at once. */
const expose = async (d: Deps, peer: Peer, { theirs }: Verdict, signal: AbortSignal): Promise<Exposed> => {
  const { id, name } = peer;
  const known = d.rings.get(id, name);
  const tunnel = d.heard.tunnels.get(id)?.data;
  const tunnels = d.peers.tunnels(id);
  const rotation = d.rotations.look(id, known, tunnel, isAsked(tunnels));
  const plan = planKeys({
    own: known?.keys.map((k) => k.generation) ?? [],
    remote: theirs?.spec.keys.map((k) => k.generation),
    ...rotation,
  });
  const [ring, service] = await Promise.all([
    d.rings.ensure(id, name, plan, signal),
    ensureService(d.exposing, peer, d.rings.portFor(id), signal),
  ]);
  if (known && plan.add !== undefined && rotation.due)
    await Promise.all(tunnels.map((t) => objects.dropRotateOrder(d.writer, t, signal)));
  return {
    keys: ring.keys.map((k) => ({
      ...k,
      endpoints: endpointsOf(d.exposing, service, ring.listenPort, k.generation),
    })),
    listenPort: ring.listenPort,
    secretName: ring.secret.metadata.name,
    recheckMs: rotation.recheckMs,
  };
};

const least = (...times: (number | undefined)[]): { requeueAfterMs?: number } => {
  const known = times.filter((t) => t !== undefined);
  return known.length > 0 ? { requeueAfterMs: Math.max(1, Math.min(...known)) } : {};
};

/** Said in the namespace of each direction that is up; a direction that has ended takes its word back. */
const tell = async (d: Deps, target: objects.Target, link: Link, staged: Staged): Promise<void> => {
  const at = (...stages: Stage[]): string[] =>
    DIRECTIONS.filter((x) => stages.includes(x === "outgoing" ? staged.consumer : staged.provider)).flatMap(
      (direction) => d.peers.namespaceOf(link.id, direction) ?? [],
    );
  const ended = at("down", "prepared"); // not "unknown": nothing is taken back because a fact is missing
  const over = d.peers.ownConfigs(link.id).filter((c) => ended.includes(c.metadata.namespace ?? ""));
  await Promise.all([
    ...at("up").map((n) => objects.writeConfig(d.writer, target, n, configSpec(link))),
    objects.deleteExchange(d.writer, over, [], target.signal),
  ]);
};

const connect = async (
  d: Deps,
  peer: Peer,
  staged: Staged,
  ctx: ReconcileContext,
): Promise<{ requeueAfterMs?: number }> => {
  const { id, name } = peer;
  const { signal } = ctx;
  const own = d.own();
  const verdict = judge(d, peer, own);
  const [exposed, taken] = await Promise.all([expose(d, peer, verdict, signal), take(d, peer, verdict)]);
  const link: Link = {
    clusterID: d.clusterID,
    id,
    name,
    own,
    ...exposed,
    theirs: taken.refusal ? undefined : verdict.theirs,
    refusal: taken.refusal,
    seen: taken.seen,
    consumer: staged.consumer === "up",
    provider: staged.provider === "up",
    tunnel: d.heard.tunnels.get(id)?.data,
  };
  publish(d, link, ctx);
  const line = conditionOf(link);
  const waitMs = d.patience.waitMs(id, line);
  const target = { ...peer, signal, traceparent: traceOf(d, id) };
  // Nobody but people reads a TunnelEndpoint: on the way the peer comes first, who waits for what we tell of ourselves.
  const isShown = waitMs === undefined || isReady(link);
  await Promise.all([
    tell(d, target, link, staged),
    isShown ? objects.writeTunnel(d.writer, target, tunnelSpec(link)) : undefined,
  ]);
  if (waitMs === undefined) await show(d, target, link, line);
  d.seen?.(id, link.refusal ? "refused" : line.status === "True" ? "up" : "pending");
  return least(exposed.recheckMs, staged.recheckMs, waitMs);
};

/** Nothing crosses any more; what is left is what the next exchange can use again. */
const disconnect = async (d: Deps, peer: Peer, ctx: ReconcileContext, announces = false): Promise<void> => {
  const said = d.heard.said.get(peer.id);
  const isSaid = said !== undefined && said.data.state !== "GONE";
  if (isSaid && !(announces && isAnnouncement(said))) publish(d, peer, ctx);
  await Promise.all([
    objects.deleteExchange(d.writer, d.peers.ownConfigs(peer.id), d.peers.tunnels(peer.id), ctx.signal),
    releaseAll(d.store, peer.id),
    d.condition.write(peer.name, undefined, ctx.signal),
  ]);
  d.rotations.forget(peer.id);
  d.patience.forget(peer.id);
  d.seen?.(peer.id, undefined);
};

const NOTHING_TOLD: Verdict = { theirs: undefined, refusal: undefined };

/** Keys and port, before anybody may be told of them; the gateway hears of them where the owner wants the peer. */
const prepare = async (
  d: Deps,
  peer: Peer,
  staged: Staged,
  ctx: ReconcileContext,
): Promise<{ requeueAfterMs?: number }> => {
  const said = d.heard.said.get(peer.id);
  const isFree = said === undefined || said.data.state === "GONE" || isAnnouncement(said);
  const announces = isFree && staged.consumer === "prepared";
  const exposing = async (): Promise<Exposed> => {
    const exposed = await expose(d, peer, NOTHING_TOLD, ctx.signal);
    const link = { clusterID: d.clusterID, ...peer, own: d.own(), ...exposed, ...NOTHING_TOLD };
    const nobody = { seen: undefined, tunnel: undefined, consumer: false, provider: false };
    if (announces) publish(d, { ...link, ...nobody }, ctx);
    return exposed;
  };
  const [exposed] = await Promise.all([exposing(), disconnect(d, peer, ctx, announces)]);
  return least(exposed.recheckMs);
};

const leave = async (d: Deps, peer: Peer, ctx: ReconcileContext): Promise<void> => {
  const known = d.rings.get(peer.id, peer.name) ?? d.exposing.services.get(objectKey(d, peer.name));
  await Promise.all([
    disconnect(d, peer, ctx),
    known ? objects.deleteExposure(d.writer, peer.name, ctx.signal) : undefined,
  ]);
  d.rings.forget(peer.id);
};

const objectKey = (d: Deps, name: string): string => `${d.exposing.namespace}/${tunnelName(name)}`;

/** Of a peer that nobody speaks of, only the end of its ForeignCluster says that it is gone. */
const isForgotten = async (d: Deps, { id, name }: Peer, signal: AbortSignal): Promise<boolean> => {
  const isSpokenOf =
    d.heard.peers.get(id) ?? d.heard.identities.get(id, "outgoing") ?? d.heard.identities.get(id, "incoming");
  return !isSpokenOf && (await d.kube.find(foreignClusters, name, undefined, { signal })) === undefined;
};

export const makePeerReconciler =
  (d: Deps): Reconcile =>
  async (id, ctx) => {
    const name = d.peers.nameOf(id);
    if (!d.owns(id) || name === undefined) return {};
    const peer = { id, name };
    const staged = observe(d, peer);
    const trace = { traceparent: traceOf(d, id), attributes: { peer: id, stage: staged.stage } };
    switch (staged.stage) {
      case "up":
        return withSpan("network", trace, () => connect(d, peer, staged, ctx));
      case "prepared":
        return prepare(d, peer, staged, ctx);
      case "down":
        await leave(d, peer, ctx);
        return {};
      case "unknown":
        if (await isForgotten(d, peer, ctx.signal)) await leave(d, peer, ctx);
        return {};
    }
  };

import type { Bus } from "@tideway/bus";
import type { PeerConditionWriter } from "@tideway/api/foreign-cluster-condition";
import type { Reconcile, ReconcileContext } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import type { Session } from "../peer/session.ts";
import type { Standing } from "../peer/standing.ts";
import type { Logger } from "@tideway/log";
import { BEHIND_MS, type Report, reportOn, reportRefused } from "./decide.ts";
import type { TellPeer } from "./events.ts";
import type { FactInput } from "./types.ts";

export interface ReportDeps {
  owns(peerId: string): boolean;
  standing(peerId: string): Standing;
  session(peerId: string): Session | undefined;
  bus: Pick<Bus, "publish">;
  /** A writer that remembers nothing yet: what another replica wrote meanwhile is not in an old one's memory. */
  newConditions(): PeerConditionWriter;
  tell: TellPeer;
  /** Objects that wait, by peer; undefined when the peer is no longer ours to count. */
  backlog(peerName: string, count: number | undefined): void;
  retryMs: number;
  /** Monotonic, ms. */
  now(): number;
}

/** Tells the bus, the ForeignCluster and the people how each peer stands; only what changed is written. */
export const createReporter = (d: ReportDeps): Reconcile => {
  const waitingSince = new Map<string, number>();
  const told = new Map<string, string>();
  const counted = new Map<string, string>();
  const writers = new Map<string, PeerConditionWriter>();

  const conditionsOf = (peerId: string): PeerConditionWriter => {
    const writer = writers.get(peerId) ?? d.newConditions();
    writers.set(peerId, writer);
    return writer;
  };

  const forget = (peerId: string): void => {
    waitingSince.delete(peerId);
    told.delete(peerId);
    writers.delete(peerId);
    const name = counted.get(peerId);
    counted.delete(peerId);
    if (name !== undefined) d.backlog(name, undefined);
  };

  const look = (peerId: string, session: Session): Report | undefined => {
    const summary = session.summary();
    if (summary.backlog === 0) waitingSince.delete(peerId);
    else if (!waitingSince.has(peerId)) waitingSince.set(peerId, d.now());
    counted.set(peerId, session.peer.name);
    d.backlog(session.peer.name, summary.backlog);
    const waitingMs = d.now() - (waitingSince.get(peerId) ?? d.now());
    return reportOn({ peer: session.peer, summary, waitingMs, retryMs: d.retryMs });
  };

  /** The bus tries until it has it, and the newest word wins: while it is away nobody waits for it. */
  const publish = (peerId: string, fact: FactInput, log: Logger): void =>
    void d.bus
      .publish("replication", { peer: peerId }, fact)
      .catch((err: unknown) => log.debug({ reason: describeError(err) }, "fact not published"));

  const say = async (
    peerId: string,
    { fact, condition }: Report,
    { signal, log }: ReconcileContext,
  ): Promise<void> => {
    const name = fact.name ?? "";
    publish(peerId, fact, log);
    await conditionsOf(peerId).write(name, condition, signal);
    if (told.get(peerId) === condition.reason) return;
    const first = !told.has(peerId);
    told.set(peerId, condition.reason);
    if (first && condition.status === "True") return; // a start is no news
    await d.tell(
      name,
      condition.status === "True" ? "Normal" : "Warning",
      condition.reason,
      condition.message,
    );
  };

  return async (peerId, ctx) => {
    const standing = d.standing(peerId);
    if (!d.owns(peerId)) {
      forget(peerId); // whoever owns it now speaks for it
      return {};
    }
    const session = d.session(peerId);
    if (standing.is === "granted" && session) {
      const seen = look(peerId, session);
      if (seen) await say(peerId, seen, ctx);
      return waitingSince.has(peerId) ? { requeueAfterMs: BEHIND_MS } : {};
    }
    if (standing.is === "refused") {
      d.backlog(standing.name, undefined);
      await say(peerId, reportRefused(peerId, standing.name, standing.message), ctx);
    } else forget(peerId);
    if (standing.is === "gone") {
      publish(peerId, { clusterId: peerId, name: standing.name, state: "GONE" }, ctx.log);
      await d.newConditions().write(standing.name, undefined, ctx.signal);
    }
    return {};
  };
};

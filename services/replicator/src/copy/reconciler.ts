import { describeError, isConflict, isInvalid, TerminalError } from "@tideway/errors";
import { TRACEPARENT } from "@tideway/api/names";
import { withSpan } from "@tideway/telemetry/tracing";
import type { Kind, Lane, OnMisdeed } from "../ports.ts";
import { decide, MAX_PULLED, type Plan, type World } from "./decide.ts";
import { type Ends, type Outcome, perform } from "./perform.ts";

/** What one peer's objects of one kind that travel one way have in common. */
export interface Pairing {
  kind: Kind;
  lane: Lane;
  originCluster: string;
  copyLabels: Readonly<Record<string, string>>;
  ends: Ends;
  /** Asked at every look: the peer is not known to be away. */
  reachable(): boolean;
  onMisdeed: OnMisdeed;
  /** Asked at every look: the peering is over, or its deadline has passed. */
  ended(): boolean;
}

export interface Copier {
  names(): Set<string>;
  plan(name: string): Plan;
  /** Brings one object and its counterpart nearer; true when something was done. */
  reconcile(name: string, signal: AbortSignal): Promise<boolean>;
  /** Why the last reconcile of it failed; undefined after one that did not. */
  lastError(name: string): string | undefined;
}

/** Level-triggered: everything is read anew for each name; memory only saves repeating what a server did not take over. */
export const createCopier = (p: Pairing): Copier => {
  const settled = new Map<string, Outcome>();
  const failed = new Map<string, string>();

  /** By name, so that all who ask at the same time agree. */
  const hasRoom = (name: string): boolean => {
    const all = p.lane === "Push" ? [] : p.ends.origin.names();
    return all.length <= MAX_PULLED.objects || all.toSorted().indexOf(name) < MAX_PULLED.objects;
  };
  const misdeed = (name: string, reason: string, message: string): void =>
    p.onMisdeed({ object: `${p.kind.resource.kind}/${name}`, reason, message });

  const observe = (name: string): World => ({
    kind: p.kind,
    lane: p.lane,
    originCluster: p.originCluster,
    copyLabels: p.copyLabels,
    origin: p.ends.origin.cached(name),
    originSynced: p.ends.origin.synced,
    copy: p.ends.copy.cached(name),
    copySynced: p.ends.copy.synced,
    reachable: p.reachable(),
    ended: p.ended(),
    hasRoom: hasRoom(name),
    settled: settled.get(name) ?? {},
  });

  return {
    names: () => new Set([...p.ends.origin.names(), ...p.ends.copy.names()]),
    plan: (name) => decide(observe(name)),
    reconcile: async (name, signal) => {
      const world = observe(name);
      if (!world.origin && !world.copy) for (const memory of [settled, failed]) memory.delete(name);
      const { effects, state } = decide(world);
      if (state === "TooMuch")
        misdeed(
          name,
          state,
          `of this kind ${MAX_PULLED.objects} objects of ${MAX_PULLED.bytes} bytes are copied from a peer at most; it stays there`,
        );
      if (effects.length === 0) return false;
      const run = async (): Promise<void> => {
        for (const effect of effects) {
          const outcome = await perform(effect, name, p.ends, world, signal);
          if (outcome.body ?? outcome.status) settled.set(name, { ...settled.get(name), ...outcome });
        }
      };
      const traceparent = (world.origin ?? world.copy)?.metadata.annotations?.[TRACEPARENT];
      try {
        await withSpan(
          `replicate ${p.kind.resource.kind}`,
          { traceparent, attributes: { name, effects: effects.map((e) => e.do).join(",") } },
          run,
        );
      } catch (err) {
        if (!isConflict(err)) failed.set(name, describeError(err));
        if (isInvalid(err) && p.lane === "Pull") misdeed(name, "ObjectRefused", describeError(err));
        // The server has refused what the object says: only a change of it can help.
        if (isInvalid(err)) throw new TerminalError(`${p.kind.name} ${name} is refused`, { cause: err });
        throw err;
      }
      failed.delete(name);
      return true;
    },
    lastError: (name) => failed.get(name),
  };
};

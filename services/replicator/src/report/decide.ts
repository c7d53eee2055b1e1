import type { ConditionInput, FactInput } from "./types.ts";
import type { Summary } from "../peer/session.ts";
import type { Peer } from "../ports.ts";

export interface Report {
  fact: FactInput;
  condition: ConditionInput;
}

/** How long objects may be on their way before the condition speaks of it. */
export const BEHIND_MS = 5_000;

export interface Look {
  peer: Peer;
  summary: Summary;
  /** ms since something first waited without a pause; 0 when nothing waits. */
  waitingMs: number;
  /** Longest pause between attempts, ms. */
  retryMs: number;
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

const conditionOf = ({ peer, summary: s, waitingMs, retryMs }: Look): ConditionInput => {
  const at = `${peer.name} at ${peer.server}`;
  const say = (status: ConditionInput["status"], reason: string, message: string): ConditionInput => ({
    status,
    reason,
    message,
  });
  if (s.link.status === "Down")
    return say(
      "False",
      "Disconnected",
      `${at} cannot be used: ${s.link.error ?? "no answer"}; tried again every ${seconds(retryMs)} at the latest`,
    );
  if (s.problem !== undefined)
    return say(
      "False",
      "NotSynced",
      `${at} does not let us read everything: ${s.problem}; tried again every ${seconds(retryMs)} at the latest`,
    );
  if (s.taken.length > 0)
    return say(
      "False",
      "NameTaken",
      `an object that is not the replicator's has the name of ${s.taken.toSorted().join(", ")}; delete or rename it`,
    );
  if (s.tooMuch.length > 0)
    return say(
      "False",
      "TooMuch",
      `${at} has more or larger objects than are copied, ${s.tooMuch.length} stay there: ${s.tooMuch.toSorted().slice(0, 3).join(", ")}`,
    );
  if (waitingMs >= BEHIND_MS) {
    const why = s.error === undefined ? "" : `: ${s.error}`;
    return say("False", "Behind", `${s.backlog} objects wait to be copied to or from ${at}${why}`);
  }
  return say("True", "Connected", `connected to ${at}`);
};

/**
 * One look at a session, in the words of the bus and of the ForeignCluster. Undefined while a first answer is still
 * on its way: a replica that takes a peer over must not make it look lost.
 */
export const reportOn = (look: Look): Report | undefined => {
  const { peer, summary: s } = look;
  if (s.link.status === "Connecting" || (s.link.status === "Up" && !s.synced && s.problem === undefined))
    return undefined;
  const condition = conditionOf(look);
  const up = s.link.status === "Up" && s.synced;
  const state = !up ? "DISCONNECTED" : s.objects === 0 ? "IDLE" : "CONNECTED";
  const message = condition.status === "True" ? "" : condition.message;
  return { condition, fact: { clusterId: peer.id, name: peer.name, state, backlog: s.backlog, message } };
};

/** When the peer refuses us there is no session to look at. */
export const reportRefused = (peerId: string, name: string, message: string): Report => ({
  condition: {
    status: "False",
    reason: "IdentityRefused",
    message: `${name} does not accept our identity: ${message}`,
  },
  fact: { clusterId: peerId, name, state: "DISCONNECTED", backlog: 0, message },
});

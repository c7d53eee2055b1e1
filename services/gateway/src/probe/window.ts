/** Probes that are remembered: 10 s of them at the usual rhythm. */
const REMEMBERED = 40;

export interface Health {
  /** Answers come. */
  alive: boolean;
  /** ms since some epoch, of the clock that is used; undefined: never. */
  lastAnswer: number | undefined;
  /** Median round trip of the window. */
  latencyMs: number;
  /** Share of probes of the window that got no answer, 0 to 1; the youngest, still on their way, are not counted. */
  loss: number;
}

export interface Window {
  sent(sequence: number, now: number): void;
  /**
   * The way is open: what was asked before lay in front of it, so neither its time nor its silence tells anything of
   * the way itself. Only the answer that opened it stands in, until there is a better one.
   */
  opened(): void;
  /** False for an answer to nothing that is remembered, or a second one. */
  answered(sequence: number, now: number): boolean;
  /** Whether it is time to give up: called after each probe; never right after this process stood still. */
  judge(now: number): void;
  health(now: number): Health;
}

interface Sent {
  at: number;
  tookMs?: number;
}

const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? 0;

/** What the last probes of one peer tell. */
export const createWindow = (o: { intervalMs: number; lostMs: number }): Window => {
  const probes = new Map<number, Sent>();
  let alive = false;
  let lastAnswer: number | undefined;
  let judgedAt: number | undefined;
  let openedMs = 0;
  const timesOf = (): number[] =>
    [...probes.values()].flatMap((p) => (p.tookMs === undefined ? [] : [p.tookMs])).sort((a, b) => a - b);
  return {
    opened: () => {
      openedMs = timesOf()[0] ?? 0;
      probes.clear();
    },
    sent: (sequence, now) => {
      probes.set(sequence, { at: now });
      const oldest = probes.keys().next().value;
      if (probes.size > REMEMBERED && oldest !== undefined) probes.delete(oldest);
    },
    answered: (sequence, now) => {
      const probe = probes.get(sequence);
      if (!probe || probe.tookMs !== undefined) return false;
      probe.tookMs = now - probe.at;
      lastAnswer = now;
      alive = true;
      return true;
    },
    judge: (now) => {
      // After a pause of this process, answers may lie unread: they get another turn.
      const stoodStill = judgedAt !== undefined && now - judgedAt > o.intervalMs + o.lostMs / 2;
      judgedAt = now;
      if (alive && !stoodStill && now - (lastAnswer ?? -Infinity) >= o.lostMs) alive = false;
    },
    health: (now) => {
      const all = [...probes.values()];
      const took = timesOf();
      const due = all.filter((p) => p.tookMs !== undefined || now - p.at >= o.lostMs);
      const lost = due.filter((p) => p.tookMs === undefined).length;
      return {
        alive,
        lastAnswer,
        latencyMs: took.length > 0 ? median(took) : openedMs,
        loss: due.length > 0 ? lost / due.length : 0,
      };
    },
  };
};

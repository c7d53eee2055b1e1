/** Which members are alive, judged only by what this replica saw change and when: clocks are never compared. */
export interface Roster {
  /** A lease of `member` was seen with this renewal stamp; an unchanged stamp is no sign of life. */
  saw(member: string, stamp: string, leaseMs: number, o?: { stale?: boolean }): void;
  /** The lease of `member` is gone: it left. */
  left(member: string): void;
  /** Brings the answer of `members` up to the present; true when it changed. */
  settle(): boolean;
  /** Sorted; always holds this replica itself. */
  members(): readonly string[];
  /** ms until somebody may expire; undefined when nobody can. */
  nextCheckMs(): number | undefined;
  /** Members that have been silent for longer than `ms`. */
  silentFor(ms: number): string[];
}

export interface RosterOptions {
  self: string;
  /** Own lease in ms. While its renewals are not seen, nobody else can be judged. */
  leaseMs: number;
  /** Monotonic, ms. */
  now: () => number;
}

interface Sighting {
  stamp: string;
  at: number;
  leaseMs: number;
}

export const createRoster = ({ self, leaseMs, now }: RosterOptions): Roster => {
  const sightings = new Map<string, Sighting>();
  let selfSeenAt = now();
  let alive: readonly string[] = [self];

  /** Our own renewals come through the same watch: when they stop, it is we who are blind. */
  const canSee = (): boolean => now() - selfSeenAt <= leaseMs * 0.6;

  const sawSelf = (): void => {
    const blindFor = now() - selfSeenAt;
    selfSeenAt = now();
    // After an outage everybody gets a full lease to be heard again, else all would expire at once.
    if (blindFor > leaseMs) for (const s of sightings.values()) if (s.at > -Infinity) s.at = selfSeenAt;
  };

  return {
    saw: (member, stamp, memberLeaseMs, o) => {
      const before = sightings.get(member);
      if (before?.stamp === stamp) return;
      // A lease that is long out of date when first met must renew before it counts; at worst work is done twice for a moment.
      const at = !before && o?.stale === true ? -Infinity : now();
      sightings.set(member, { stamp, at, leaseMs: memberLeaseMs });
      if (member === self) sawSelf();
    },
    left: (member) => void sightings.delete(member),
    settle: () => {
      const sees = canSee();
      const counted = new Set(alive);
      const next = [...sightings]
        .filter(([member, s]) => now() - s.at < s.leaseMs || (!sees && counted.has(member)))
        .map(([member]) => member);
      if (!next.includes(self)) next.push(self);
      next.sort();
      const changed = next.length !== alive.length || next.some((member, i) => member !== alive[i]);
      alive = next;
      return changed;
    },
    members: () => alive,
    nextCheckMs: () => {
      if (!canSee()) return undefined; // the next sight of our own lease asks again
      const counted = new Set(alive);
      let soonest: number | undefined;
      for (const [member, s] of sightings) {
        if (member === self || !counted.has(member)) continue;
        const left = Math.max(0, s.at + s.leaseMs - now());
        if (soonest === undefined || left < soonest) soonest = left;
      }
      return soonest;
    },
    silentFor: (ms) => [...sightings].filter(([m, s]) => m !== self && now() - s.at > ms).map(([m]) => m),
  };
};

export interface World {
  /** A pod on the virtual node refers to it. */
  used: boolean;
  /** Version (uid/resourceVersion) of the object here; undefined: it does not exist, which is known. */
  source: string | undefined;
  /** The copy at the provider, and of which version it is. */
  copy: { uid: string; version: string | undefined } | undefined;
  /** Version that we wrote and the cache of copies may not show yet. */
  written: string | undefined;
  /** Ms since it was found unused. */
  unusedMs: number;
}

export type Plan = { do: "nothing"; recheckMs?: number } | { do: "copy" } | { do: "delete"; uid: string };

/** A copy outlives its last user by this much: pods that follow each other use the same ones. */
export const LINGER_MS = 2_000;

export const decide = (w: World): Plan => {
  if (!w.used) {
    if (!w.copy) return { do: "nothing" };
    return w.unusedMs >= LINGER_MS
      ? { do: "delete", uid: w.copy.uid }
      : { do: "nothing", recheckMs: LINGER_MS - w.unusedMs };
  }
  if (w.source === undefined) return w.copy ? { do: "delete", uid: w.copy.uid } : { do: "nothing" };
  const isCurrent = w.written === w.source || (w.copy !== undefined && w.copy.version === w.source);
  return isCurrent ? { do: "nothing" } : { do: "copy" };
};

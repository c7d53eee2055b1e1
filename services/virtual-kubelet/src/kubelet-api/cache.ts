export interface Cache<V> {
  /** The value of `key`, computed at most once in the time it is believed; a failure is not kept. */
  get(key: string, compute: () => Promise<V>): Promise<V>;
}

/** Answers believed for `ttlMs`, at most `max` of them; the oldest goes first. */
export const createCache = <V>(ttlMs: number, max: number, now: () => number): Cache<V> => {
  const entries = new Map<string, { at: number; value: Promise<V> }>();
  return {
    get: (key, compute) => {
      const found = entries.get(key);
      if (found && now() - found.at < ttlMs) return found.value;
      entries.delete(key);
      const value = compute();
      entries.set(key, { at: now(), value });
      value.catch(() => {
        if (entries.get(key)?.value === value) entries.delete(key);
      });
      for (const oldest of entries.keys()) {
        if (entries.size <= max) break;
        entries.delete(oldest);
      }
      return value;
    },
  };
};

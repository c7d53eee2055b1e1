/**
 * Bounds how often one source may fail. A token has 256 random bits, so this is no defence of the token: it keeps
 * guessing cheap for us and visible. Calls with a proof of possession are not limited.
 */
export interface FailureLimiter {
  /** False: refuse without looking. */
  allows(source: string): boolean;
  failed(source: string): void;
}

export interface LimiterOptions {
  /** Failures in a row before the first refusal. */
  burst: number;
  /** Failures a minute after that. */
  perMinute: number;
  /** Sources remembered at once; the one heard longest ago is forgotten. */
  sources?: number;
  now: () => number;
}

export const createFailureLimiter = ({
  burst,
  perMinute,
  sources = 4096,
  now,
}: LimiterOptions): FailureLimiter => {
  const buckets = new Map<string, { left: number; at: number }>();
  const refill = (source: string): { left: number; at: number } => {
    const at = now();
    const old = buckets.get(source);
    const left = old ? Math.min(burst, old.left + ((at - old.at) / 60_000) * perMinute) : burst;
    return { left, at };
  };
  return {
    allows: (source) => refill(source).left >= 1,
    failed: (source) => {
      const { left, at } = refill(source);
      buckets.delete(source);
      if (buckets.size >= sources)
        for (const oldest of [...buckets.keys()].slice(0, 1)) buckets.delete(oldest);
      buckets.set(source, { left: Math.max(0, left - 1), at });
    },
  };
};

/** The address without its port: `ipv4:10.0.0.1:4711` or `[::1]:4711`. */
export const sourceOf = (peer: string): string => peer.replace(/^ipv[46]:/, "").replace(/:\d+$/, "");

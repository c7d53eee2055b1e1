/** What one probe of the provider found. */
export interface ProbeResult {
  ok: boolean;
  reason: string;
  message: string;
}

export interface Health {
  ok: boolean;
  /** Probes that failed one after the other. */
  failures: number;
  reason: string;
  message: string;
}

export interface NextProbe {
  afterMs: number;
  timeoutMs: number;
}

export const UNKNOWN_HEALTH: Health = {
  ok: false,
  failures: 0,
  reason: "NotProbed",
  message: "the provider was not probed yet",
};

/** Failed probes in a row that make a node NotReady: one lost answer is not an outage. */
const FAILURES = 2;
const PERIOD_MS = 1_000;
const TIMEOUT_MS = 1_000;
/** After a first failure the second look follows at once: 1 s period + 1 s + 0.1 s + 0.7 s stays under 3 s. */
const SUSPICION: NextProbe = { afterMs: 100, timeoutMs: 700 };
/** While it is away we look more often, so that its return shows within a second or two. */
const AWAY: NextProbe = { afterMs: 400, timeoutMs: 1_000 };

/**
 * The next state after a probe. `heardMsAgo` is how long ago the provider answered anything else: under load a
 * probe may be late while a thousand other answers arrive, and that is not an outage.
 */
export const nextHealth = (h: Health, result: ProbeResult, heardMsAgo: number): Health => {
  if (result.ok) return { ok: true, failures: 0, reason: result.reason, message: result.message };
  const failures = h.failures + 1;
  if (h.ok && (failures < FAILURES || heardMsAgo < TIMEOUT_MS)) return { ...h, failures };
  return { ok: false, failures, reason: result.reason, message: result.message };
};

export const nextProbe = (h: Health): NextProbe => {
  if (!h.ok) return AWAY;
  return h.failures > 0 ? SUSPICION : { afterMs: PERIOD_MS, timeoutMs: TIMEOUT_MS };
};

export interface HealthOptions {
  probe: (timeoutMs: number) => Promise<ProbeResult>;
  /** Ms since the provider last answered anything. */
  heardMsAgo: () => number;
  /** Called with the state before and after, when `ok`, reason or message changed. */
  onChange: (now: Health, before: Health) => void;
  signal: AbortSignal;
}

export interface HealthLoop {
  current(): Health;
  /** Something broke: look now, not at the next beat. */
  suspect(): void;
  /** Resolves after the first probe. */
  first: Promise<void>;
  done: Promise<void>;
}

export const startHealth = (o: HealthOptions): HealthLoop => {
  let health = UNKNOWN_HEALTH;
  let wake: (() => void) | undefined;
  const { promise: first, resolve: firstDone } = Promise.withResolvers<void>();

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(finish, ms);
      function finish(): void {
        clearTimeout(timer);
        o.signal.removeEventListener("abort", finish);
        wake = undefined;
        resolve();
      }
      o.signal.addEventListener("abort", finish, { once: true });
      wake = finish;
    });

  const run = async (): Promise<void> => {
    let { timeoutMs } = nextProbe({ ...UNKNOWN_HEALTH, ok: true });
    while (!o.signal.aborted) {
      const result = await o.probe(timeoutMs);
      if (o.signal.aborted) break;
      const before = health;
      health = nextHealth(before, result, o.heardMsAgo());
      if (before.ok !== health.ok || before.reason !== health.reason || before.message !== health.message)
        o.onChange(health, before);
      firstDone();
      const next = nextProbe(health);
      timeoutMs = next.timeoutMs;
      await pause(next.afterMs);
    }
    firstDone();
  };

  return {
    current: () => health,
    // While it is away the loop is quick anyway, and broken watches retry all the time.
    suspect: () => {
      if (health.ok && health.failures === 0) wake?.();
    },
    first,
    done: run(),
  };
};

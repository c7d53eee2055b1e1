import { describeError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { kubeVia } from "./via.ts";

export type LinkStatus = "Connecting" | "Up" | "Down";
export interface LinkState {
  status: LinkStatus;
  /** Why it is down, with the address. */
  error?: string;
}

export interface LinkOptions {
  /** A client with the newest credentials and connections of its own. */
  open(): Kube;
  /** Rejects when the peer does not serve us. */
  probe(kube: Kube, signal: AbortSignal): Promise<void>;
  /** Opens the watches; called anew after each outage. They end with the signal. */
  watch(signal: AbortSignal): void;
  /** Told of every change of state. */
  onChange(state: LinkState): void;
  /** Between two looks at a link that is up, ms. Default 5,000. */
  probeMs?: number;
  /** How long the watches may take to be heard of before the link looks for itself, ms. Default 1,000. */
  firstProbeMs?: number;
  /** First and longest wait before the next attempt, ms. Default 100 and 2,500, doubled each time, with jitter. */
  backoffMs?: { first: number; max: number };
  /** How long a replaced client is kept for the watches it still carries, ms. Default 15 min: longer than any watch. */
  retireMs?: number;
  random?: () => number;
  log: Logger;
}

/** The line to one peer: begins at once, never gives up, and says how it is. */
export interface Link {
  /** Always the newest client. */
  readonly kube: Kube;
  readonly state: LinkState;
  /** The peer answered somebody else's request: as good as a look of our own. */
  heard(): void;
  /** Something failed over there: look now, not at the next interval. */
  suspect(): void;
  /** The credentials changed: new requests use the new ones, open watches stay where they are. */
  renew(): void;
  close(): Promise<void>;
}

/** Looks that are asked for by errors are at least this far apart. */
const SUSPECT_GAP_MS = 250;

export const openLink = (o: LinkOptions): Link => {
  const probeMs = o.probeMs ?? 5_000;
  const backoff = o.backoffMs ?? { first: 100, max: 2_500 };
  const random = o.random ?? Math.random;
  const stop = new AbortController();
  const retired = new Map<Kube, NodeJS.Timeout>();
  let state: LinkState = { status: "Connecting" };
  let kube = o.open();
  let watches = new AbortController();
  let wake: () => void = () => undefined;
  let woken = false;
  let wasHeard = false;

  const become = (next: LinkState): void => {
    const changed = next.status !== state.status || next.error !== state.error;
    if (changed && next.status !== state.status) o.log.info(next, "link changed");
    state = next;
    if (changed) o.onChange(state);
  };
  const discard = (old: Kube): void => {
    clearTimeout(retired.get(old));
    retired.delete(old);
    old
      .close()
      .catch((err: unknown) => o.log.debug({ reason: describeError(err) }, "client not closed cleanly"));
  };
  const retire = (old: Kube): void =>
    void retired.set(old, setTimeout(() => discard(old), o.retireMs ?? 15 * 60_000).unref());
  const discardAll = (): void => {
    for (const old of [...retired.keys(), kube]) discard(old);
  };
  const startWatches = (): void => {
    watches = new AbortController();
    o.watch(watches.signal);
  };

  const wait = async (ms: number): Promise<void> => {
    if (!woken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        timer.unref();
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    woken = false;
  };

  const lost = (err: unknown): void => {
    watches.abort();
    discardAll();
    become({ status: "Down", error: describeError(err) });
  };
  const found = (): void => {
    const wasDown = watches.signal.aborted;
    if (wasDown) startWatches();
    become({ status: "Up" });
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    await wait(o.firstProbeMs ?? 1_000); // the watches ask first; who asks beside them only slows them down
    while (!stop.signal.aborted) {
      try {
        if (state.status === "Connecting" && wasHeard) {
          found();
          await wait(probeMs);
          continue;
        }
        await o.probe(kube, stop.signal);
        failures = 0;
        found();
        await wait(probeMs);
      } catch (err) {
        if (stop.signal.aborted) return;
        failures++;
        if (state.status === "Up" && failures === 1) {
          // A connection may have died alone: ask once more over a new one, and move the watches there.
          watches.abort();
          discardAll();
          kube = o.open();
          startWatches();
          continue;
        }
        lost(err);
        await wait(
          Math.min(backoff.max, backoff.first * 2 ** Math.min(failures - 1, 16)) * (0.5 + random() / 2),
        );
        if (!stop.signal.aborted) kube = o.open();
      }
    }
  };

  const look = (): void => {
    woken = true;
    wake();
  };
  let suspectedAt = -Infinity;
  startWatches();
  const running = run();
  return {
    kube: kubeVia(() => kube),
    get state() {
      return state;
    },
    heard: () => {
      if (state.status !== "Connecting" || wasHeard) return;
      wasHeard = true;
      look();
    },
    suspect: () => {
      if (state.status === "Down" || performance.now() - suspectedAt < SUSPECT_GAP_MS) return;
      suspectedAt = performance.now();
      look();
    },
    renew: () => {
      if (state.status === "Down") return look(); // the next attempt opens with the new credentials, and need not wait
      retire(kube);
      kube = o.open();
      look();
    },
    close: async () => {
      stop.abort();
      watches.abort();
      wake();
      discardAll();
      await running;
    },
  };
};

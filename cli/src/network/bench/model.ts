/** What `tideway network bench -o json` prints. */
export interface BenchReport {
  peer: string;
  image: string;
  startedAt: string;
  elapsedMs: number;
  ways: Way[];
  /** What could not be measured, and why. */
  notes: string[];
}

export interface Way {
  /** Ids of spots: `ours/gateway`, `theirs/1`. */
  from: string;
  to: string;
  /** The same between two pods of this cluster, for comparison. */
  local: boolean;
  bytesPerSecond: number;
  /** Round trips of one byte over TCP, milliseconds. */
  rtt: { p50: number; p99: number; n: number };
}

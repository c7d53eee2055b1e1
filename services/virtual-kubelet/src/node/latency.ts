/** How far a peer is, as labels of its node: by the tunnel's round trip, rounded so that it does not flap. Pure. */

/** One of {@link LATENCY_CLASSES}: for `preferredDuringScheduling..` and cluster selectors. */
export const LATENCY_CLASS = "tideway.dev/latency-class";
/** Round trip between the gateways in ms, rounded up to 1, 2, 5, 10, 20, 50, ..: for `Lt` and `Gt`. */
export const LATENCY_MS = "tideway.dev/latency-ms";

/** Up to this many ms round trip, and what it is called. */
const CLASSES = [
  { upTo: 10, name: "near" },
  { upTo: 50, name: "regional" },
  { upTo: Infinity, name: "far" },
] as const;
export const LATENCY_CLASSES = CLASSES.map((c) => c.name);

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;
const LAST = 1000;
/** What was said stays until the round trip is this share outside of it. */
const MARGIN = 0.2;

const stepOf = (ms: number): number => STEPS.find((s) => ms <= s) ?? LAST;

const stays = (ms: number, said: number): boolean => {
  const below = STEPS.findLast((s) => s < said) ?? 0;
  const above = said === LAST ? Infinity : said * (1 + MARGIN);
  return STEPS.some((s) => s === said) && ms > below * (1 - MARGIN) && ms <= above;
};

/**
 * @param latencyMs of the tunnel now; undefined: not known, and what was said last stays.
 * @param have the labels that the node has.
 */
export const latencyLabels = (
  latencyMs: number | undefined,
  have: Readonly<Record<string, string>>,
): Record<string, string> => {
  const said = Number(have[LATENCY_MS]);
  const ms = latencyMs === undefined || stays(latencyMs, said) ? said : stepOf(latencyMs);
  if (!(ms > 0)) return {};
  const name = CLASSES.find((c) => ms <= c.upTo)?.name ?? "far";
  return { [LATENCY_MS]: String(ms), [LATENCY_CLASS]: name };
};

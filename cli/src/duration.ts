import { UsageError } from "./exit.ts";

const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/**
 * Reads `15m`, `30s`, `1h30m`, `500ms`, `7d` as milliseconds.
 * Throws UsageError naming the flag when the text is no positive duration, or is above `max` milliseconds.
 */
export const parseDuration = (text: string, flag: string, max = Number.MAX_SAFE_INTEGER): number => {
  if (!WHOLE.test(text))
    throw new UsageError(`${flag}: "${text}" is not a duration`, { next: "write it like 30s, 15m or 1h30m" });
  const parts = text.matchAll(PART);
  const ms = Math.round(parts.reduce((sum, [, n, unit]) => sum + Number(n) * (UNIT_MS[unit ?? ""] ?? 0), 0));
  if (ms <= 0) throw new UsageError(`${flag}: "${text}" must be longer than nothing`);
  if (ms > max)
    throw new UsageError(`${flag}: "${text}" is too long`, { next: `at most ${formatDuration(max)}` });
  return ms;
};

/** `1h30m`, `45s`, `180ms`: the two largest units, nothing smaller than it matters. */
export const formatDuration = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`;
  let rest = Math.round(ms / 1_000) * 1_000;
  const parts: string[] = [];
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = UNIT_MS[unit] ?? 1;
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(`${n}${unit}`);
  }
  return parts.slice(0, 2).join("");
};

/** How long something took: in milliseconds as long as they say more than seconds. */
export const formatElapsed = (ms: number): string =>
  ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;

/** How long ago an RFC 3339 time was, as kubectl prints an age; `-` when it is unknown. */
export const formatAge = (since: string | undefined, nowMs: number): string => {
  const then = since === undefined ? Number.NaN : Date.parse(since);
  return Number.isNaN(then) ? "-" : formatDuration(Math.max(1_000, nowMs - then));
};

/** A moment given as an RFC 3339 time or as a duration before now. Throws UsageError naming the flag. */
export const parseSince = (text: string, flag: string, nowMs: number): Date => {
  if (WHOLE.test(text)) return new Date(nowMs - parseDuration(text, flag));
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw new UsageError(`${flag}: "${text}" is neither a duration nor a time`, {
      next: "write it like 10m or 2026-01-31T12:00:00Z",
    });
  return new Date(at);
};

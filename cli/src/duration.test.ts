import { describe, expect, test } from "vitest";
import { formatAge, formatDuration, parseDuration, parseSince } from "./duration.ts";
import { UsageError } from "./exit.ts";

describe("a duration", () => {
  test.each([
    ["15m", 900_000],
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["7d", 604_800_000],
    ["1.5h", 5_400_000],
  ])("%s is %i ms", (text, ms) => expect(parseDuration(text, "--ttl")).toBe(ms));

  test.each(["", "15", "m", "15 m", "-5m", "1h,30m", "15minutes", "1e3s", "0s", "0.1ms"])(
    "%j is refused, naming the flag",
    (text) => {
      expect(() => parseDuration(text, "--ttl")).toThrow(UsageError);
      expect(() => parseDuration(text, "--ttl")).toThrow(/^--ttl: /);
    },
  );

  test("longer than the flag allows is refused with the bound", () => {
    expect(() => parseDuration("2d", "--timeout", 86_400_000)).toThrow(
      expect.objectContaining({ next: "at most 1d" }),
    );
  });

  test.each([
    [0, "0ms"],
    [12.4, "12ms"],
    [999, "999ms"],
    [1_499, "1s"],
    [90_000, "1m30s"],
    [3_661_000, "1h1m"],
    [90_061_000, "1d1h"],
  ])("%d ms reads %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe("a moment", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");

  test("is a duration before now, or a time", () => {
    expect(parseSince("10m", "--since", now).toISOString()).toBe("2026-01-31T11:50:00.000Z");
    expect(parseSince("2026-01-30T00:00:00Z", "--since", now).toISOString()).toBe("2026-01-30T00:00:00.000Z");
  });

  test.each(["yesterday", "12", "2026-13-01"])("%j is refused, naming the flag", (text) =>
    expect(() => parseSince(text, "--since", now)).toThrow(/^--since: /),
  );

  test("an age of nothing known is a dash, one in the future is not negative", () => {
    expect(formatAge(undefined, now)).toBe("-");
    expect(formatAge("nonsense", now)).toBe("-");
    expect(formatAge("2026-01-31T12:00:05Z", now)).toBe("1s");
    expect(formatAge("2026-01-31T11:00:00Z", now)).toBe("1h");
  });
});

import type { Invitation } from "@tideway/api";
import { expect, test } from "vitest";
import { decide } from "./decide.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();
const invitation = (
  o: { expires?: number; standing?: boolean; used?: number; closed?: number } = {},
): Invitation => ({
  metadata: { name: "i", namespace: "tideway-system" },
  spec: {
    tokenHash: "0".repeat(64),
    ...(o.expires ? { expiresAt: iso(o.expires) } : {}),
    ...(o.standing ? { standing: true } : {}),
  },
  status: {
    ...(o.used ? { usedBy: "east-id", usedAt: iso(o.used) } : {}),
    ...(o.closed ? { closedAt: iso(o.closed) } : {}),
  },
});

test.each([
  ["that is open is ready until it expires", { expires: NOW + HOUR }, "keep", "Open", HOUR + 50],
  ["without an end is ready", {}, "keep", "Open", undefined],
  [
    "that is used says by whom, and lets that cluster ask again until it expires",
    { used: NOW - 3 * HOUR, expires: NOW + HOUR },
    "keep",
    "Used",
    HOUR + 50,
  ],
  [
    "that is used is kept for a while after it expired",
    { used: NOW - 3 * HOUR, expires: NOW - 1000 },
    "keep",
    "Used",
    HOUR - 1000 + 50,
  ],
  ["that is used and has no end is kept for a while", { used: NOW - 1000 }, "keep", "Used", HOUR - 1000 + 50],
  [
    "whose peering ended is kept for a while",
    { used: NOW - 3 * HOUR, expires: NOW + 9 * HOUR, closed: NOW - 1000 },
    "keep",
    "Used",
    HOUR - 1000 + 50,
  ],
  ["that expired is kept for a while", { expires: NOW - 1000 }, "keep", "Expired", HOUR - 1000 + 50],
  ["that is standing is never used up", { standing: true, used: NOW - 1000 }, "keep", "Open", undefined],
  [
    "that is standing may expire",
    { standing: true, expires: NOW - 1000 },
    "keep",
    "Expired",
    HOUR - 1000 + 50,
  ],
  ["that was used long ago is deleted", { used: NOW - 2 * HOUR }, "delete", undefined, undefined],
  ["that expired long ago is deleted", { expires: NOW - 2 * HOUR }, "delete", undefined, undefined],
] as const)("an invitation %s", (_, o, step, reason, requeueAfterMs) => {
  const plan = decide({ invitation: invitation(o), now: NOW, keepMs: HOUR });
  expect([plan.step, plan.conditions[0]?.reason, plan.requeueAfterMs]).toEqual([
    step,
    reason,
    requeueAfterMs,
  ]);
});

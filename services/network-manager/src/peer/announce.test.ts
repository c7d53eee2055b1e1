import type { FactOf } from "@tideway/protos";
import { describe, expect, it } from "vitest";
import { isAnnouncement, isNew } from "./announce.ts";

const said = (over: Partial<FactOf["network"]>, time = "2026-01-01T00:00:01.000Z") => ({
  time,
  data: {
    state: "PENDING",
    consumer: false,
    provider: false,
    remotePodCidr: "",
    ...over,
  } as FactOf["network"],
});

describe("what was said of a peer", () => {
  it("announces while nothing is up", () => {
    expect(
      [undefined, said({}), said({ consumer: true }), said({ state: "GONE" })].map(isAnnouncement),
    ).toEqual([false, true, false, false]);
  });

  it("tells a peer that has not told its networks from one that took them back", () => {
    const granted = "2026-01-01T00:00:00.000Z";
    expect(isNew(undefined, granted)).toBe(true);
    expect(isNew(said({ provider: true }), granted)).toBe(true);
    expect(isNew(said({ provider: true, remotePodCidr: "10.0.0.0/16" }), granted)).toBe(false);
    expect(isNew(said({ state: "READY", remotePodCidr: "10.0.0.0/16" }), granted)).toBe(false);
    expect(isNew(said({ state: "GONE" }), granted)).toBe(false);
    expect(isNew(said({ state: "GONE" }), undefined)).toBe(false);
    expect(isNew(said({ state: "GONE" }, "2025-12-31T00:00:00.000Z"), granted)).toBe(true);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSegment, type Host, sees, type Segment } from "./segment.ts";

const TTL_SECONDS = 4;
let segment: Segment;
let east: Host;
let west: Host;
let north: Host;

beforeAll(async () => {
  segment = createSegment(TTL_SECONDS);
  [east, west, north] = [await segment.add("east"), await segment.add("west"), await segment.add("north")];
});
afterAll(async () => {
  await segment?.remove();
});

describe("three agents on one segment, as processes with sockets of the kernel", () => {
  it("see each other, and not themselves", async () => {
    for (const h of [east, west, north]) h.start();
    await Promise.all([sees(east, west, north), sees(west, east, north), sees(north, east, west)]);
  });

  it("forget one that is told to end within a second of its end, and find it again", async () => {
    const tookMs = async (): Promise<number> => {
      await north.end();
      const from = performance.now();
      await Promise.all([sees(east, west), sees(west, east)]);
      const ms = performance.now() - from;
      north.start();
      await Promise.all([sees(east, west, north), sees(west, east, north)]);
      return ms;
    };
    const all = [await tookMs(), await tookMs(), await tookMs()];
    expect(Math.min(...all)).toBeLessThan(1000); // the machine may be busy once
  });

  it("forget one that is killed when its time is over, and nobody else", async () => {
    const from = performance.now();
    await west.kill();
    await Promise.all([sees(east, north), sees(north, east)]);
    expect(performance.now() - from).toBeLessThan(TTL_SECONDS * 2000);
  });
});

import { describe, expect, it } from "vitest";
import { clusterPlace, nodePlace, placeOf } from "./layout.ts";
import { freeSlot } from "./network.ts";

const place = (dir: string, index: number, slot = 0): ReturnType<typeof nodePlace> =>
  nodePlace(clusterPlace(placeOf({ dir }), "east"), { octet: 7, slots: { east: slot } }, index);

describe("layout", () => {
  it("gives sandboxes in different directories different names in the kernel", () => {
    expect(placeOf({ dir: "/a" }).id).not.toBe(placeOf({ dir: "/b" }).id);
    expect(placeOf({ dir: "/a", sandbox: "x" }).id).not.toBe(placeOf({ dir: "/a" }).id);
  });

  it("keeps interface names within 15 characters and socket paths within 107", () => {
    const node = place(`/${"long/".repeat(60)}`, 15, 13);
    expect(node.link.length).toBeLessThanOrEqual(15);
    expect(node.socket.length).toBeLessThanOrEqual(107);
  });

  it("gives every node of every cluster an address of its own in one /24", () => {
    const all = Array.from({ length: 14 }, (_, slot) =>
      Array.from({ length: 16 }, (_, i) => place("/a", i, slot).address),
    ).flat();
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((a) => /^10\.210\.7\.(\d+)$/.test(a) && Number(a.split(".")[3]) < 255)).toBe(true);
  });

  it("gives a slot again that has become free", () => {
    expect(freeSlot({ octet: 1, slots: { a: 0, b: 2 } })).toBe(1);
  });
});

import type { Kernel } from "@tideway/net";
import { describe, expect, it } from "vitest";
import { createApply } from "./apply.ts";
import { peerOf, worldOf } from "./fixtures.ts";
import { desired } from "./index.ts";

const kernelOf = () => {
  const calls: string[] = [];
  let fails = false;
  const done = (name: string) => () => {
    calls.push(name);
    return fails && name === "routes" ? Promise.reject(new Error("refused")) : Promise.resolve({ lines: [] });
  };
  const kernel: Pick<Kernel, "applyLinks" | "applyNeighbours" | "applyTable" | "applyRoutes"> = {
    applyTable: done("table"),
    applyLinks: done("links"),
    applyNeighbours: done("neighbours"),
    applyRoutes: done("routes"),
  };
  return { kernel, taken: () => calls.splice(0).join(" "), fail: (is: boolean) => void (fails = is) };
};
const ALL = "table links neighbours routes";

describe("applying", () => {
  it("looks at links and routes only when others are wanted, or when told to", async () => {
    const k = kernelOf();
    const apply = createApply(k.kernel);
    const world = worldOf([peerOf(1)]);
    await apply(desired(world));
    expect(k.taken()).toBe(ALL);
    await apply(desired({ ...world, policy: { ...world.policy, reach: [[7, "10.200.0.5"]] } }));
    expect(k.taken()).toBe("table");
    await apply(desired(worldOf([peerOf(1), peerOf(2)])));
    expect(k.taken()).toBe(ALL);
    apply.look();
    await apply(desired(worldOf([peerOf(1), peerOf(2)])));
    expect(k.taken()).toBe(ALL);
  });
  it("looks again after an error", async () => {
    const k = kernelOf();
    const apply = createApply(k.kernel);
    const d = desired(worldOf([peerOf(1)]));
    k.fail(true);
    await expect(apply(d)).rejects.toThrow("refused");
    k.taken();
    k.fail(false);
    await apply(d);
    expect(k.taken()).toBe(ALL);
  });
});

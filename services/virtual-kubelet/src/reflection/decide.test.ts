import { describe, expect, it } from "vitest";
import { decide, LINGER_MS, type World } from "./decide.ts";

const world = (more: Partial<World> = {}): World => ({
  used: true,
  source: "u/2",
  copy: undefined,
  written: undefined,
  unusedMs: 0,
  ...more,
});
const copy = (version: string | undefined) => ({ uid: "c", version });

describe("a copy", () => {
  it("is made when a pod refers to its source", () => expect(decide(world())).toEqual({ do: "copy" }));
  it("is brought up to date", () => expect(decide(world({ copy: copy("u/1") }))).toEqual({ do: "copy" }));
  it("is left when it is current", () =>
    expect(decide(world({ copy: copy("u/2") }))).toEqual({ do: "nothing" }));
  it("is not written again while the cache is behind", () =>
    expect(decide(world({ written: "u/2" }))).toEqual({ do: "nothing" }));
  it("goes with its source", () =>
    expect(decide(world({ source: undefined, copy: copy("u/2") }))).toEqual({ do: "delete", uid: "c" }));
  it("stays a moment after its last user", () =>
    expect(decide(world({ used: false, copy: copy("u/2"), unusedMs: 500 }))).toEqual({
      do: "nothing",
      recheckMs: LINGER_MS - 500,
    }));
  it("goes then", () =>
    expect(decide(world({ used: false, copy: copy("u/2"), unusedMs: LINGER_MS }))).toEqual({
      do: "delete",
      uid: "c",
    }));
  it("is never made for what nobody refers to", () =>
    expect(decide(world({ used: false }))).toEqual({ do: "nothing" }));
});

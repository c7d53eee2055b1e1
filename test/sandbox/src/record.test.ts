import { describe, expect, it } from "vitest";
import { indicesFor } from "./record.ts";

describe("indices of nodes", () => {
  it("fill the gaps that removed nodes left before they grow", () => {
    expect(indicesFor(3, [0, 2])).toEqual([0, 1, 2]);
    expect(indicesFor(4, [0, 1, 2])).toEqual([0, 1, 2, 3]);
  });

  it("keep every known node", () => {
    expect(indicesFor(1, [0, 3])).toEqual([0, 3]);
  });

  it("end where the addresses of a cluster end", () => {
    expect(() => indicesFor(16, [])).toThrow("at most 15");
  });
});

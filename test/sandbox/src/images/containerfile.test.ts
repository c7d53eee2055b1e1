import { describe, expect, it } from "vitest";
import { expand, parseContainerfile } from "./containerfile.ts";

describe("container file", () => {
  it("is a list of instructions without comments, continued lines joined", () => {
    expect(parseContainerfile("# why\nARG A\n\nENV X=1 \\\n Y=2\n")).toEqual([
      { name: "ARG", text: "A" },
      { name: "ENV", text: "X=1 Y=2" },
    ]);
  });

  it("puts in arguments, and nothing for one that is not given", () => {
    expect(expand("dist/${SERVICE}/$SERVICE-${NONE}", { SERVICE: "auth" })).toBe("dist/auth/auth-");
  });
});

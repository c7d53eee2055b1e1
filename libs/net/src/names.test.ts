import { describe, expect, it } from "vitest";
import { interfaceOf, macOf, ownExternalAddress } from "./names.ts";

describe("names", () => {
  it("give each generation its interface, of a length the kernel takes", () => {
    const id = "3b0c7a54-1111-4222-8333-944455556666";
    expect(interfaceOf(id, 1)).toMatch(/^tw-[0-9a-f]{8}-a$/);
    expect(interfaceOf(id, 2)).toBe(interfaceOf(id, 1).replace(/a$/, "b"));
    expect(interfaceOf(id, 3)).toBe(interfaceOf(id, 1));
    expect(interfaceOf("another", 1)).not.toBe(interfaceOf(id, 1));
  });

  it("give an address a local unicast MAC that never changes", () => {
    expect(macOf("10.0.0.1")).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(macOf("10.0.0.1")).toBe(macOf("10.0.0.1"));
    expect(macOf("10.0.0.1")).not.toBe(macOf("10.0.0.2"));
  });

  it("take the first usable address as the cluster's own", () => {
    expect(ownExternalAddress("10.70.0.0/16")).toBe("10.70.0.1");
    expect(ownExternalAddress("10.70.0.4/31")).toBe("10.70.0.4");
    expect(ownExternalAddress("fd00:70::/64")).toBe("fd00:70::1");
  });
});

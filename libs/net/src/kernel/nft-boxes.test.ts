import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, formatPrefix, prefixAround } from "../address.ts";
import { disjointKeys } from "./nft-boxes.ts";

const TYPES = ["ifname", "ipv4_addr", "inet_service"] as const;
const BASE = 0x0a000000n;
const prefix = fc
  .record({ n: fc.integer({ min: 0, max: 15 }), length: fc.integer({ min: 28, max: 32 }) })
  .map(({ n, length }) => formatPrefix(prefixAround({ family: 4, value: BASE + BigInt(n) }, length)));
const ports = fc
  .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 7 }))
  .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
const key = fc.tuple(fc.constantFrom("tw-a", "tw-b"), prefix, ports);

const inside = (
  point: [string, bigint, number],
  [name = "", addresses = "", range = ""]: readonly string[],
): boolean => {
  const [first = "", length = "32"] = addresses.split("/");
  const number = (text: string): bigint => text.split(".").reduce((v, part) => v * 256n + BigInt(part), 0n);
  const [from = "", to] = first.split("-");
  const low = number(from);
  const high = to === undefined ? low + (1n << BigInt(32 - Number(length))) - 1n : number(to);
  const [a = "", b = a] = range.split("-");
  return (
    name === point[0] && low <= point[1] && point[1] <= high && Number(a) <= point[2] && point[2] <= Number(b)
  );
};

describe("disjointKeys", () => {
  it("holds each point that was asked for exactly once, and no other", () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 8 }), (keys) => {
        const out = disjointKeys(TYPES, keys);
        for (const name of ["tw-a", "tw-b"])
          for (let n = 0n; n < 16n; n++)
            for (let port = 0; port < 8; port++) {
              const point: [string, bigint, number] = [name, BASE + n, port];
              const wanted = keys.some((k) => inside(point, k)) ? 1 : 0;
              expect(out.filter((k) => inside(point, k)).length).toBe(wanted);
            }
      }),
    );
  });

  it("leaves alone what does not overlap", () => {
    const keys = [["10.0.0.0/8"], ["192.0.2.1"], ["0.0.0.0/5"]];
    expect(disjointKeys(["ipv4_addr"], keys).sort()).toEqual([...keys].sort());
    expect(disjointKeys(["ipv6_addr"], [["fd00::/8"], ["fd01::/16"], ["::1"]])).toEqual([
      ["fd00::/8"],
      ["::1"],
    ]);
  });

  it("is quick with many single addresses and some prefixes", () => {
    const points = Array.from({ length: 10_000 }, (_, i) => [
      "7",
      formatAddress({ family: 4, value: BASE + BigInt(i) }),
    ]);
    const wide = Array.from({ length: 20 }, (_, i) => ["8", `10.${i}.0.0/16`]);
    expect(disjointKeys(["mark", "ipv4_addr"], [...points, ...wide])).toHaveLength(10_020);
  });
});

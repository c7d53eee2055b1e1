import fc from "fast-check";
import { isIPv4, isIPv6 } from "node:net";
import { describe, expect, it } from "vitest";
import { isInvalid } from "@tideway/errors";
import {
  type Prefix,
  bitsOf,
  contains,
  covers,
  formatAddress,
  formatPrefix,
  indexIn,
  nth,
  overlaps,
  parseAddress,
  parsePrefix,
  prefixAround,
  size,
} from "./address.ts";
import { disjoint, firstFree } from "./free.ts";
import { translate } from "./translate.ts";

const family = fc.constantFrom(4 as const, 6 as const);
const address = family.chain((f) =>
  fc.record({ family: fc.constant(f), value: fc.bigInt({ min: 0n, max: (1n << BigInt(bitsOf(f))) - 1n }) }),
);
const prefix: fc.Arbitrary<Prefix> = address.chain((a) =>
  fc.integer({ min: 0, max: bitsOf(a.family) }).map((length) => prefixAround(a, length)),
);

const invalid = (act: () => unknown): boolean => {
  try {
    act();
    return false;
  } catch (err) {
    return isInvalid(err);
  }
};

describe("addresses", () => {
  it("are read back as they were written, and others read them too", () => {
    fc.assert(
      fc.property(address, (a) => {
        const text = formatAddress(a);
        expect(parseAddress(text)).toEqual(a);
        expect(a.family === 4 ? isIPv4(text) : isIPv6(text)).toBe(true);
        if (a.family === 6) expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`); // RFC 5952
      }),
    );
  });

  it("are accepted exactly when Node's own parser does", () => {
    const piece = fc.constantFrom(
      "0",
      "1",
      "ff",
      "10",
      "255",
      "256",
      "01",
      "::",
      ":",
      ".",
      "1.2.3.4",
      "",
      "g",
      "fffff",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        expect(invalid(() => parseAddress(text))).toBe(!(isIPv4(text) || isIPv6(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:2:0:0:3:0:0", "1:0:2::3:0:0"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ["1::", "1::"],
  ])("spell %s as %s", (text, canonical) => {
    expect(formatAddress(parseAddress(text))).toBe(canonical);
  });
});

describe("prefixes", () => {
  it("are read back as they were written", () => {
    fc.assert(
      fc.property(prefix, (p) => {
        expect(parsePrefix(formatPrefix(p))).toEqual(p);
      }),
    );
  });

  it.each([
    "10.0.0.1/8",
    "10.0.0.0/33",
    "10.0.0.0",
    "10.0.0.0/",
    "10.0.0.0/08",
    "::1/64",
    "::/129",
    "/8",
    "a/8",
    "10.0.0.0/8/8",
  ])("refuse %s", (text) => {
    expect(invalid(() => parsePrefix(text))).toBe(true);
  });

  it("hold exactly their own addresses", () => {
    fc.assert(
      fc.property(prefix, address, (p, a) => {
        const inside = p.family === a.family && prefixAround(a, p.length).base === p.base;
        expect(contains(p, a)).toBe(inside);
        if (inside) expect(nth(p, indexIn(p, a))).toBe(formatAddress(a));
        else expect(invalid(() => indexIn(p, a))).toBe(true);
        expect(contains(p, nth(p, 0n)) && contains(p, nth(p, size(p) - 1n))).toBe(true);
        expect(invalid(() => nth(p, size(p)))).toBe(true);
      }),
    );
  });

  it("overlap when one holds the other's first address, whichever is asked", () => {
    fc.assert(
      fc.property(prefix, fc.oneof(prefix, fc.constant(undefined)), fc.nat(128), (p, given, n) => {
        const q = given ?? prefixAround({ family: p.family, value: p.base }, n % (bitsOf(p.family) + 1));
        const first = (x: Prefix): { family: 4 | 6; value: bigint } => ({ family: x.family, value: x.base });
        expect(overlaps(p, q)).toBe(contains(p, first(q)) || contains(q, first(p)));
        expect(overlaps(p, q)).toBe(overlaps(q, p));
        expect(covers(p, q) && covers(q, p)).toBe(formatPrefix(p) === formatPrefix(q));
      }),
    );
  });
});

describe("translate", () => {
  it("keeps the host part, and back gives the same address", () => {
    fc.assert(
      fc.property(prefix, address, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (p, a, n) => {
        const q = prefixAround(
          { family: p.family, value: n & ((1n << BigInt(bitsOf(p.family))) - 1n) },
          p.length,
        );
        const [from, to, text] = [formatPrefix(p), formatPrefix(q), nth(p, n % size(p))];
        const there = translate(text, from, to);
        expect(there && contains(q, there) && indexIn(q, there)).toBe(n % size(p));
        expect(translate(there ?? "", to, from)).toBe(text);
        if (!contains(p, a)) expect(translate(formatAddress(a), from, to)).toBeUndefined();
      }),
    );
  });

  it("refuses prefixes of different length", () => {
    expect(invalid(() => translate("10.0.0.1", "10.0.0.0/8", "10.0.0.0/16"))).toBe(true);
  });
});

describe("firstFree", () => {
  const small = fc
    .integer({ min: 20, max: 28 })
    .chain((length) =>
      fc
        .nat(0xfff)
        .map((n) => formatPrefix(prefixAround({ family: 4, value: 0x0a000000n + BigInt(n) }, length))),
    );

  it("finds the lowest prefix that overlaps nothing, exactly when there is one", () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 12 }), fc.integer({ min: 20, max: 28 }), (taken, length) => {
        const step = 1 << (32 - length);
        const candidates = Array.from({ length: 0x1000 / step }, (_, i) =>
          formatPrefix({ family: 4, base: 0x0a000000n + BigInt(i * step), length }),
        );
        expect(firstFree(["10.0.0.0/20"], taken, length)).toBe(
          candidates.find((c) => !taken.some((t) => overlaps(c, t))),
        );
      }),
    );
  });

  it("goes on to the next pool, and tells when all are exhausted", () => {
    expect(firstFree(["10.0.0.0/24", "10.9.0.0/16"], ["10.0.0.0/25"], 24)).toBe("10.9.0.0/24");
    expect(firstFree(["10.0.0.0/24"], ["10.0.0.0/8"], 25)).toBeUndefined();
    expect(firstFree(["10.0.0.0/24"], [], 16)).toBeUndefined();
    expect(firstFree(["fd00::/48"], ["fd00::/64", "10.0.0.0/8"], 64)).toBe("fd00:0:0:1::/64");
  });

  it("is quick in a full pool", () => {
    const taken = Array.from({ length: 5000 }, (_, i) =>
      formatPrefix({ family: 4, base: 0x0a000000n + BigInt(i * 256), length: 24 }),
    );
    expect(firstFree(["10.0.0.0/8"], taken, 24)).toBe("10.19.136.0/24");
  });
});

describe("disjoint", () => {
  it("covers the same with prefixes that do not overlap", () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), (list) => {
        const kept = disjoint(list.map(formatPrefix));
        expect(list.every((p) => kept.some((k) => covers(k, p)))).toBe(true);
        expect(kept.every((k, i) => kept.every((other, j) => i === j || !overlaps(k, other)))).toBe(true);
      }),
    );
  });
});

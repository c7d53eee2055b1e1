import fc from "fast-check";
import { isInvalid } from "@tideway/errors";
import { describe, expect, it } from "vitest";
import * as q from "./quantity.ts";

const whole = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
const quantity = fc.record({
  nanos: fc.oneof(
    whole,
    whole.map((n) => n * 10n ** 9n),
    whole.map((n) => n * 1024n * 10n ** 9n),
  ),
  format: fc.constantFrom<q.Format>("decimal", "binary", "exponent"),
});
const text = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    fc.nat(99_999),
    fc.option(fc.nat(999)),
    fc.constantFrom("", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2"),
  )
  .map(([sign, n, fraction, suffix]) => `${sign}${n}${fraction === null ? "" : `.${fraction}`}${suffix}`);

describe("format(parse(text))", () => {
  // As apimachinery writes them.
  it.each([
    ["0", "0"],
    ["0Gi", "0"],
    ["100m", "100m"],
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["0.5", "500m"],
    [".5", "500m"],
    ["5.", "5"],
    ["1.5Gi", "1536Mi"],
    ["1024Ki", "1Mi"],
    ["1025Ki", "1025Ki"],
    ["0.5Ki", "512"],
    ["1.1Ki", "1126400m"],
    ["1000", "1k"],
    ["1024", "1024"],
    ["12e6", "12e6"],
    ["2e4", "20e3"],
    ["1e-3", "1e-3"],
    ["-1500m", "-1500m"],
    ["+2", "2"],
    ["0.1n", "1n"],
    ["-0.1n", "-1n"],
    ["9Ei", "9Ei"],
    ["129M", "129M"],
  ])("%s is %s", (from, to) => expect(q.format(q.parse(from))).toBe(to));
  it("takes numbers", () => expect(q.format(q.parse(4))).toBe("4"));
  it.each(["", "Gi", "1 Gi", "1gi", "0x10", "1e", "--1", "1K", ".", "1e99", "NaN"])(
    "refuses %j by name",
    (bad) => {
      expect(q.isQuantity(bad)).toBe(false);
      try {
        q.parse(bad);
        expect.unreachable();
      } catch (err) {
        expect(isInvalid(err)).toBe(true);
        expect(String(err)).toContain(JSON.stringify(bad));
      }
    },
  );
  it("loses nothing", () => fc.assert(fc.property(quantity, (a) => q.equal(q.parse(q.format(a)), a))));
  it("is canonical: formatting twice changes nothing", () =>
    fc.assert(fc.property(text, (t) => q.format(q.parse(q.format(q.parse(t)))) === q.format(q.parse(t)))));
});

describe("arithmetic", () => {
  it("adds and subtracts exactly", () =>
    fc.assert(fc.property(quantity, quantity, (a, b) => q.equal(q.subtract(q.add(a, b), b), a))));
  it("keeps the left format", () => {
    expect(q.format(q.add(q.parse("1Gi"), q.parse("1048576")))).toBe("1025Mi");
    expect(q.format(q.add(q.ZERO, q.parse("1Gi")))).toBe("1Gi");
  });
  it("orders totally, with min and max its ends", () =>
    fc.assert(
      fc.property(quantity, quantity, (a, b) => {
        expect(Math.sign(q.compare(a, b))).toBe(-Math.sign(q.compare(b, a)) + 0);
        expect(q.compare(q.min(a, b), q.max(a, b))).toBeLessThanOrEqual(0);
        expect(q.equal(q.add(q.min(a, b), q.max(a, b)), q.add(a, b))).toBe(true);
      }),
    ));
  it("a percentage and the rest make the whole, and the percentage is never too small", () =>
    fc.assert(
      fc.property(quantity, fc.nat(100), (a, p) => {
        const part = q.percent(q.atLeastZero(a), p);
        expect(part.nanos * 100n >= q.atLeastZero(a).nanos * BigInt(p)).toBe(true);
        expect(q.compare(part, q.atLeastZero(a))).toBeLessThanOrEqual(0);
      }),
    ));
  it("floors to a multiple, never above and less than one unit below", () =>
    fc.assert(
      fc.property(quantity, fc.bigInt({ min: 1n, max: 10n ** 12n }), (a, unit) => {
        const down = q.floorTo(a, { nanos: unit, format: "decimal" });
        expect(down.nanos % unit).toBe(0n);
        expect(a.nanos - down.nanos >= 0n && a.nanos - down.nanos < unit).toBe(true);
      }),
    ));
  it("gives gauges a number", () => expect(q.toNumber(q.parse("1500m"))).toBe(1.5));
});

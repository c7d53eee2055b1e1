/**
 * Quantities of Kubernetes ("500m", "1.5Gi", "2e3") in exact arithmetic: a whole number of nanos, the finest
 * unit that the API server keeps. Finer fractions round up, away from zero, as apimachinery does.
 */
import { InvalidError } from "@tideway/errors";

/** Which family of suffixes an amount is written with. */
export type Format = "decimal" | "binary" | "exponent";

export interface Quantity {
  /** The amount in units of 10^-9. */
  readonly nanos: bigint;
  readonly format: Format;
}

const NANO = 1_000_000_000n;
const SHAPE = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))([eE][+-]?\d{1,3}|[KMGTPE]i|[numkMGTPE])?$/;
const DECIMAL: readonly (readonly [suffix: string, exponent: number])[] = [
  ["E", 18],
  ["P", 15],
  ["T", 12],
  ["G", 9],
  ["M", 6],
  ["k", 3],
  ["", 0],
  ["m", -3],
  ["u", -6],
  ["n", -9],
];
const BINARY: readonly (readonly [suffix: string, shift: bigint])[] = [
  ["Ei", 60n],
  ["Pi", 50n],
  ["Ti", 40n],
  ["Gi", 30n],
  ["Mi", 20n],
  ["Ki", 10n],
];
const decimalExponent = new Map(DECIMAL);
const binaryShift = new Map(BINARY);
/** Largest exponent taken, either way; beyond it nothing is a resource any more. */
const MAX_EXPONENT = 24;
/** Longest text taken: arithmetic on a number of a million digits would be a way to stop us. */
const MAX_LENGTH = 64;

/** `numerator / denominator` (positive) rounded away from zero. */
const divideAway = (numerator: bigint, denominator: bigint): bigint => {
  const quotient = numerator / denominator;
  if (quotient * denominator === numerator) return quotient;
  return numerator < 0n ? quotient - 1n : quotient + 1n;
};

/** Throws InvalidError naming the text. Numbers are taken as YAML gives them: `cpu: 4`. */
export function parse(text: string | number): Quantity {
  const found = String(text).length <= MAX_LENGTH && SHAPE.exec(String(text));
  if (!found)
    throw new InvalidError(
      `${JSON.stringify(text).slice(0, MAX_LENGTH)} is not a quantity such as "500m", "4" or "8Gi"`,
    );
  const [, sign, whole = "", fraction = found[4] ?? "", , suffix = ""] = found;
  const digits = BigInt(`${whole}${fraction}` || "0") * (sign === "-" ? -1n : 1n);
  const fractionScale = 10n ** BigInt(fraction.length);
  const shift = binaryShift.get(suffix);
  if (shift !== undefined)
    return { nanos: divideAway((digits << shift) * NANO, fractionScale), format: "binary" };
  const isExponent = /^[eE][+-]?\d/.test(suffix);
  const exponent = isExponent ? Number(suffix.slice(1)) : decimalExponent.get(suffix)!;
  if (Math.abs(exponent) > MAX_EXPONENT)
    throw new InvalidError(
      `quantity ${JSON.stringify(text)}: exponent must be within -${MAX_EXPONENT} to ${MAX_EXPONENT}`,
    );
  const scaled = digits * NANO * 10n ** BigInt(Math.max(exponent, 0));
  const nanos = divideAway(scaled, fractionScale * 10n ** BigInt(Math.max(-exponent, 0)));
  return { nanos, format: isExponent ? "exponent" : "decimal" };
}

export const isQuantity = (text: unknown): text is string | number => {
  if (typeof text !== "string" && typeof text !== "number") return false;
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
};

const formatDecimal = (
  nanos: bigint,
  write: (digits: bigint, exponent: number, suffix: string) => string,
): string => {
  for (const [suffix, exponent] of DECIMAL) {
    const unit = 10n ** BigInt(exponent + 9);
    if (nanos % unit === 0n) return write(nanos / unit, exponent, suffix);
  }
  return write(nanos, -9, "n"); // never reached: nano divides every amount
};

/**
 * The canonical text: no fraction, the largest suffix of its family that loses nothing. A binary amount that is
 * not whole, or below 1024, is written in decimal, as apimachinery does.
 */
export function format(q: Quantity): string {
  const { nanos } = q;
  if (nanos === 0n) return "0";
  const size = nanos < 0n ? -nanos : nanos;
  if (q.format === "binary" && size % NANO === 0n && size >= 1024n * NANO) {
    const units = nanos / NANO;
    for (const [suffix, shift] of BINARY)
      if (units % (1n << shift) === 0n) return `${units >> shift}${suffix}`;
    return units.toString();
  }
  return q.format === "exponent"
    ? formatDecimal(nanos, (digits, exponent) => (exponent === 0 ? `${digits}` : `${digits}e${exponent}`))
    : formatDecimal(nanos, (digits, _, suffix) => `${digits}${suffix}`);
}

/** The format of a result: the left one's, unless that is an empty amount. */
const formatOf = (a: Quantity, b: Quantity): Format => (a.nanos === 0n ? b.format : a.format);

export const ZERO: Quantity = { nanos: 0n, format: "decimal" };
export const add = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos + b.nanos,
  format: formatOf(a, b),
});
export const subtract = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos - b.nanos,
  format: formatOf(a, b),
});
export const negate = (a: Quantity): Quantity => ({ ...a, nanos: -a.nanos });
/** Negative, 0 or positive, as sort wants it. */
export const compare = (a: Quantity, b: Quantity): number =>
  a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
export const equal = (a: Quantity, b: Quantity): boolean => a.nanos === b.nanos;
export const min = (a: Quantity, b: Quantity): Quantity => (compare(b, a) < 0 ? b : a);
export const max = (a: Quantity, b: Quantity): Quantity => (compare(b, a) > 0 ? b : a);
export const isZero = (a: Quantity): boolean => a.nanos === 0n;
/** Not below zero. */
export const atLeastZero = (a: Quantity): Quantity => (a.nanos < 0n ? { ...a, nanos: 0n } : a);

/** `percent` (a whole number) of `a`, rounded up, so that a share kept back is never too small. */
export const percent = (a: Quantity, percentage: number): Quantity => ({
  ...a,
  nanos: divideAway(a.nanos * BigInt(percentage), 100n),
});

/** `a` cut down to a whole multiple of `unit`. */
export const floorTo = (a: Quantity, unit: Quantity): Quantity => {
  const rest = a.nanos % unit.nanos;
  return { ...a, nanos: a.nanos - (rest < 0n ? rest + unit.nanos : rest) };
};

/** For gauges only: not exact. */
export const toNumber = (a: Quantity): number =>
  Number(a.nanos / NANO) + Number(a.nanos % NANO) / Number(NANO);

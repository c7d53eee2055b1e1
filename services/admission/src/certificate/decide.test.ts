import type { Secret } from "@tideway/k8s";
import { parseBundle } from "@tideway/pki";
import { expect, it } from "vitest";
import { isDue, materialOf, renew } from "./decide.ts";

const DAY = 86_400_000;
const NAME = "admission.tideway-system.svc";
const now = Date.UTC(2030, 0, 1);
const secret = (data: Record<string, string>): Secret => ({ metadata: { name: "admission-tls" }, data });
const fresh = () => materialOf(secret(renew(undefined, NAME, now, 90 * DAY)), NAME);

it("is made where there is none, or none that can be used", () => {
  expect(isDue(materialOf(undefined, NAME), now)).toBe(true);
  expect(materialOf(secret({}), NAME)).toBeUndefined();
  expect(
    materialOf(secret({ ...renew(undefined, NAME, now, DAY), "tls.key": "bm9uc2Vuc2U=" }), NAME),
  ).toBeUndefined();
  expect(materialOf(secret(renew(undefined, "other.svc", now, DAY)), NAME)).toBeUndefined();
});
it("is renewed after two thirds of its life, not before", () => {
  expect(isDue(fresh(), now + 59 * DAY)).toBe(false);
  expect(isDue(fresh(), now + 61 * DAY)).toBe(true);
});
it("a new one keeps its predecessor trusted until that ends, and no longer", () => {
  const first = fresh();
  const second = materialOf(secret(renew(first, NAME, now + 61 * DAY, 90 * DAY)), NAME);
  expect(second?.cert).not.toBe(first?.cert);
  expect(parseBundle(second?.bundle ?? "", "ca.crt")).toHaveLength(2);
  const late = materialOf(secret(renew(first, NAME, now + 91 * DAY, 90 * DAY)), NAME);
  expect(parseBundle(late?.bundle ?? "", "ca.crt")).toHaveLength(1);
});

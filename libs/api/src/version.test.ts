import { expect, test } from "vitest";
import { incompatibility, isCompatible, PROTOCOL_VERSION, UNVERSIONED } from "./version.ts";

test.each([
  ["1.3", "1.3", true],
  ["1.2", "1.3", true],
  ["1.4", "1.3", true],
  ["1.1", "1.3", false],
  ["1.5", "1.3", false],
  ["2.3", "1.3", false],
  ["0.3", "1.3", false],
  ["", "1.3", false],
  ["1", "1.3", false],
  ["1.3.1", "1.3", false],
  ["1.x", "1.3", false],
  ["99999.1", "99999.1", false],
])("%s and %s: %s", (theirs, ours, compatible) => expect(isCompatible(theirs, ours)).toBe(compatible));

test("the release before versions were announced is spoken with", () =>
  expect(isCompatible(UNVERSIONED, PROTOCOL_VERSION)).toBe(true));

test("what does not fit names both versions and whose turn it is", () => {
  expect(incompatibility("cluster east", "1.1", "1.3")).toMatch(
    /cluster east speaks version 1\.1 .* this cluster 1\.3.*; upgrade Tideway of cluster east$/,
  );
  expect(incompatibility("cluster east", "2.0", "1.3")).toMatch(/; upgrade Tideway here$/);
});

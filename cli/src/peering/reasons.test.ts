import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DENIALS } from "@tideway/authclient";
import { expect, test } from "vitest";
import { hintFor, isHopeless, REASONS } from "./reasons.ts";

const GUIDE = readFileSync(join(import.meta.dirname, "../../../docs/guides/troubleshooting.md"), "utf8");

test.each(Object.keys(REASONS))("%s has its line in the troubleshooting guide", (reason) =>
  expect(GUIDE).toMatch(new RegExp(`^\\| [^|]*\\b${reason}\\b[^|]*\\|`, "m")),
);

test.each(DENIALS)("%s, which an auth service may answer, has advice", (reason) =>
  expect(hintFor(reason)).toBeDefined(),
);

test("what nobody knows is worth waiting for, and has no advice", () => {
  expect(isHopeless("SomethingNew")).toBe(false);
  expect(hintFor("SomethingNew")).toBeUndefined();
});

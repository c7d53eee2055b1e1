import { expect, test } from "vitest";
import { permissionsOf, publishers } from "./permissions.ts";

test("a service says the facts that name it as their publisher, and no others", () => {
  const all = publishers();
  expect(all.auth).toEqual(["audit", "door", "identity"]);
  expect(Object.values(all).flat()).not.toContain("offered-pool"); // a part of a fact is none
  const { publish } = permissionsOf("auth", all.auth ?? []);
  expect(publish.filter((s) => s.startsWith("tideway."))).toEqual([
    "tideway.v1.audit.>",
    "tideway.v1.door.>",
    "tideway.v1.identity.>",
  ]);
});

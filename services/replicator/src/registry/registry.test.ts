import { isInvalid } from "@tideway/errors";
import { expect, test } from "vitest";
import { DEFAULT_KINDS, parseRegistry, registryOf } from "./registry.ts";

const entry = { group: "example.org", version: "v1", resource: "things", kind: "Thing", direction: "Push" };

test("without configuration requests and maps are pushed, offers are pulled, each with its status, and network parameters go both ways without", () => {
  expect(parseRegistry(undefined).map((k) => [k.name, k.direction, k.status])).toEqual([
    ["resourcerequests.sharing.tideway.dev", "Push", true],
    ["namespacemaps.offloading.tideway.dev", "Push", true],
    ["resourceoffers.sharing.tideway.dev", "Pull", true],
    ["networkconfigs.networking.tideway.dev", "Both", false],
  ]);
});

test("reads YAML and JSON alike", () => {
  const yaml =
    "kinds:\n  - {group: example.org, version: v1, resource: things, kind: Thing, direction: Push, status: false}\n";
  expect(parseRegistry(yaml)).toEqual(
    parseRegistry(JSON.stringify({ kinds: [{ ...entry, status: false }] })),
  );
  expect(parseRegistry(yaml)[0]).toMatchObject({ name: "things.example.org", status: false });
});

test.each([
  [{ ...entry, group: "apps" }, 'kinds[0].group is "apps"'],
  [{ ...entry, group: "" }, 'kinds[0].group is ""'],
  [{ ...entry, group: "rbac.authorization.k8s.io" }, "not Kubernetes' own"],
  [{ ...entry, version: "1" }, "such as v1alpha1"],
  [{ ...entry, resource: "Things" }, "plural in lower case"],
  [{ ...entry, kind: "thing" }, "such as ResourceRequest"],
  [{ ...entry, direction: "Sideways" }, "must be Push, Pull or Both"],
  [{ ...entry, direction: "Both", status: true }, "no status crosses where both sides have origins"],
  [{ ...entry, status: "yes" }, "must be true or false"],
  [{ ...entry, namespace: "x" }, "kinds[0].namespace is not a field"],
  ["things", "kinds[0] must be an object"],
])("refuses %j", (bad, message) => {
  expect(() => registryOf([bad])).toThrow(message);
});

test("names every mistake at once", () => {
  try {
    registryOf([{ ...entry, version: "x", direction: "y" }, {}]);
    expect.unreachable();
  } catch (err) {
    expect(isInvalid(err)).toBe(true);
    expect(String(err)).toMatch(/kinds\[0\]\.version.*kinds\[0\]\.direction.*kinds\[1\]\.group is missing/);
  }
});

test.each([
  ["{", "neither YAML nor JSON"],
  ["kinds: {}", "a list named kinds"],
  ["[]", "a list named kinds"],
  ["kinds: []", "at least one entry"],
])("refuses the file %j", (text, message) => {
  expect(() => parseRegistry(text)).toThrow(message);
});

test("a kind crosses in one direction only", () => {
  expect(() => registryOf([...DEFAULT_KINDS, DEFAULT_KINDS[0]])).toThrow(
    "names resourcerequests.sharing.tideway.dev twice",
  );
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { DEFAULT_KINDS, parseRegistry, registryOf } from "./registry.ts";

const deployed = (file: string): string =>
  readFileSync(new URL(`../../../../deploy/base/replicator/${file}`, import.meta.url), "utf8");

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

test("what is deployed is the default", () => {
  expect(parseRegistry(deployed("kinds.yaml"))).toEqual(registryOf(DEFAULT_KINDS));
});

test("the replicator may do with each kind exactly what its direction needs", () => {
  const role = parseAllDocuments(deployed("rbac.yaml"))[0]?.toJSON() as { rules: Rule[] };
  const verbs = (group: string, resource: string): string[] =>
    role.rules
      .filter((r) => r.apiGroups.includes(group) && r.resources.includes(resource))
      .flatMap((r) => r.verbs);
  for (const kind of registryOf(DEFAULT_KINDS)) {
    const { group, plural } = kind.resource;
    const own =
      kind.direction === "Push"
        ? ["get", "list", "watch", "patch"]
        : ["get", "list", "watch", "create", "patch", "delete"];
    expect(verbs(group, plural), plural).toEqual(own);
    expect(verbs(group, `${plural}/status`), plural).toEqual(kind.status ? ["patch"] : []);
  }
});

import { build } from "esbuild";
import { join } from "node:path";
import { expect, it } from "vitest";
import { customResourceDefinition, groupOf, type Json } from "./crd.ts";
import { kinds } from "./kinds.ts";
import { resources } from "./resources.ts";

it("every kind has its resource descriptor, and no descriptor is left over", () =>
  expect(resources.map((r) => [r.group, r.kind, r.plural, r.namespaced]).toSorted()).toEqual(
    kinds.map((k) => [groupOf(k), k.kind, k.plural, k.namespaced]).toSorted(),
  ));

it("short names are not shared, neither with each other nor with core kinds", () => {
  const core = [
    "cm",
    "cs",
    "ep",
    "ev",
    "limits",
    "no",
    "ns",
    "po",
    "pv",
    "pvc",
    "quota",
    "rc",
    "rs",
    "sa",
    "svc",
    "sts",
    "ds",
    "deploy",
    "hpa",
    "cj",
    "csr",
    "ing",
    "netpol",
    "pdb",
    "pc",
    "sc",
    "crd",
    "crs",
  ];
  const names = [...core, ...kinds.flatMap((k) => k.shortNames)];
  expect(new Set(names).size).toBe(names.length);
});

const walk = function* (schema: Json, path: string): Generator<[string, Record<string, Json>]> {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return;
  yield [path, schema];
  for (const [name, child] of Object.entries((schema.properties ?? {}) as Record<string, Json>))
    yield* walk(child, `${path}.${name}`);
  if (schema.items !== undefined) yield* walk(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* walk(schema.additionalProperties, `${path}{}`);
};

it.each(kinds.map((k) => [k.kind, k] as const))(
  "%s is structural, bounded, with one condition a type",
  (_, kind) => {
    const crd = JSON.stringify(customResourceDefinition(kind));
    const { spec } = JSON.parse(crd) as { spec: { versions: [{ schema: { openAPIV3Schema: Json } }] } };
    for (const [path, s] of walk(spec.versions[0].schema.openAPIV3Schema, kind.kind)) {
      for (const word of ["const", "$ref", "patternProperties", "oneOf", "allOf", "x-tideway-hint"])
        expect(s, path).not.toHaveProperty(word);
      if (s.type === "array") expect(s, path).toHaveProperty("maxItems");
      if (path.endsWith(".conditions") && s.type === "array")
        expect(s["x-kubernetes-list-map-keys"], path).toEqual(["type"]);
    }
    expect(kind.columns.at(-1)?.name).toBe("Age");
    expect(kind.columns.map((c) => c.name)).toContain("Reason");
  },
);

it("services that import the package load no schema library", async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, "index.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  expect(
    Object.keys(metafile.inputs).filter((f) => f.includes("node_modules") || f.includes("schema/")),
  ).toEqual([]);
});

/** Writes deploy/base/crds/*.yaml and docs/crds.md from the schemas; with --check only tells what has drifted. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { crdName, customResourceDefinition } from "../src/crd.ts";
import { kinds } from "../src/kinds.ts";
import { referencePage } from "../src/reference.ts";

const ROOT = join(import.meta.dirname, "../../..");
const CRDS = "deploy/base/crds";
const HEADER = "# Made by libs/api/bin/generate.ts from the schemas in libs/api/src/schema; do not edit.\n";

const yaml = (value: unknown): string =>
  HEADER + stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });

const wanted = (): Map<string, string> => {
  const crdFiles = kinds.map((k) => [`${crdName(k)}.yaml`, yaml(customResourceDefinition(k))] as const);
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: crdFiles.map(([name]) => name).toSorted(),
  };
  return new Map([
    ...crdFiles.map(([name, text]) => [`${CRDS}/${name}`, text] as const),
    [`${CRDS}/kustomization.yaml`, yaml(kustomization)],
    ["docs/crds.md", referencePage(kinds)],
  ]);
};

const present = async (): Promise<string[]> =>
  (await readdir(join(ROOT, CRDS)).catch(() => [])).map((name) => `${CRDS}/${name}`);

const check = process.argv.includes("--check");
const files = wanted();
let drifted = 0;
for (const [path, text] of files) {
  const current = await readFile(join(ROOT, path), "utf8").catch(() => undefined);
  if (current === text) continue;
  drifted++;
  if (check) console.error(`${path} is not what the schemas give`);
  else {
    await mkdir(join(ROOT, path, ".."), { recursive: true });
    await writeFile(join(ROOT, path), text);
  }
}
for (const path of await present()) {
  if (files.has(path)) continue;
  drifted++;
  if (check) console.error(`${path} belongs to no kind`);
  else await rm(join(ROOT, path));
}
if (check && drifted > 0) {
  console.error("run: node libs/api/bin/generate.ts");
  process.exitCode = 1;
}

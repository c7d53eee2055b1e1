/** Writes docs/podspec.md from the table; with --check only says whether it is current. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "../src/docs.ts";

const file = join(import.meta.dirname, "../../../docs/podspec.md");
if (process.argv.includes("--check")) {
  if (readFileSync(file, "utf8") !== page()) {
    console.error("docs/podspec.md is not what the table says; run: node libs/podspec/bin/generate.ts");
    process.exitCode = 1;
  }
} else writeFileSync(file, page());

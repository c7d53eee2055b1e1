/** Writes `protos/src/gen/` and `docs/events.md`; with `--check` fails when they are not what the protos say. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { eventsPage } from "../generator/docs.ts";
import { eventsModule } from "../generator/events.ts";
import { parsePackages } from "../generator/packages.ts";
import { staticModule } from "../generator/static.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "src/gen");
const docs = join(root, "../docs/events.md");

const generate = async (): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for (const pkg of parsePackages(root))
    // Facts travel as JSON, so that their module is types and a field table; the rest is binary on the wire.
    if (pkg.concern === "events") {
      files.set(join(out, `${pkg.module}.ts`), await eventsModule(pkg));
      files.set(docs, await eventsPage(pkg, root));
    } else
      for (const [suffix, text] of await staticModule(pkg)) files.set(join(out, pkg.module + suffix), text);
  return files;
};

const files = await generate();
const drifted = [...files].filter(([file, text]) => !existsSync(file) || readFileSync(file, "utf8") !== text);
const stale = readdirSync(out)
  .map((name) => join(out, name))
  .filter((file) => !files.has(file));

if (process.argv.includes("--check")) {
  for (const file of [...drifted.map(([file]) => file), ...stale])
    console.error(`${relative(join(root, ".."), file)} is not what the protos say`);
  if (drifted.length + stale.length > 0) {
    console.error("run: node protos/bin/generate.ts");
    process.exitCode = 1;
  }
} else {
  for (const [file, text] of drifted) writeFileSync(file, text);
  for (const file of stale) rmSync(file);
}

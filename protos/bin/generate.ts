/** Writes `protos/src/gen/`, or with `--check` fails when what is committed is not what the protos say. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parsePackages } from "../generator/packages.ts";
import { eventsModule } from "../generator/events.ts";
import { staticModule } from "../generator/static.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "src/gen");

const generate = async (): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for (const pkg of parsePackages(root))
    // Facts travel as JSON, so that their module is types and a field table; the rest is binary on the wire.
    if (pkg.concern === "events") files.set(`${pkg.module}.ts`, await eventsModule(pkg));
    else for (const [suffix, text] of await staticModule(pkg)) files.set(`${pkg.module}${suffix}`, text);
  return files;
};

const files = await generate();
const known = existsSync(out) ? readdirSync(out) : [];
const drifted = [
  ...[...files].filter(
    ([name, text]) => !known.includes(name) || readFileSync(join(out, name), "utf8") !== text,
  ),
].map(([name]) => name);
const stale = known.filter((name) => !files.has(name));

if (process.argv.includes("--check")) {
  for (const name of [...drifted, ...stale])
    console.error(`protos/src/gen/${name} is not what the protos say`);
  if (drifted.length + stale.length > 0) {
    console.error("run: node protos/bin/generate.ts");
    process.exitCode = 1;
  }
} else {
  for (const name of drifted) writeFileSync(join(out, name), files.get(name) ?? "");
  for (const name of stale) rmSync(join(out, name));
}

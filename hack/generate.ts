/** Runs every generator; `--check` fails when a committed result differs from what its source gives now. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const generators = ["protos/bin/generate.ts", "libs/api/bin/generate.ts", "libs/podspec/bin/generate.ts"];

let failed = false;
for (const generator of generators) {
  if (!existsSync(generator)) throw new Error(`generator ${generator} is missing`);
  const { status } = spawnSync(process.execPath, [generator, ...process.argv.slice(2)], { stdio: "inherit" });
  failed ||= status !== 0;
}
process.exitCode = failed ? 1 : 0;

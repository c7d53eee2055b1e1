/** Bundles services and the CLI with esbuild: one ES module each in dist/, without node_modules at run time. */
import { readdirSync, existsSync } from "node:fs";
import { build } from "esbuild";

// Bundled CommonJS packages still ask for these three; ES modules do not have them.
const banner = `import { createRequire as __createRequire } from "node:module";
import { dirname as __dirnameOf } from "node:path";
import { fileURLToPath as __pathOf } from "node:url";
const require = __createRequire(import.meta.url), __filename = __pathOf(import.meta.url), __dirname = __dirnameOf(__filename);`;

const bundle = async (entry: string, out: string): Promise<void> => {
  await build({
    entryPoints: [entry],
    outdir: out,
    entryNames: "[name]",
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true, // what is imported on demand (tracing, validators) stays out of an idle service's memory
    platform: "node",
    format: "esm",
    target: "node24",
    // Names stay, so that a stack trace reads; source maps would cost every service 30 MB at run time.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    banner: { js: banner },
    logLevel: "warning",
  });
};

export const services = (): string[] =>
  readdirSync("services").filter((name) => existsSync(`services/${name}/src/main.ts`));

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  const names = wanted.length > 0 ? wanted : [...services(), "cli"];
  await Promise.all(
    names.map((name) =>
      name === "cli"
        ? bundle("cli/src/main.ts", "dist/cli")
        : bundle(`services/${name}/src/main.ts`, `dist/services/${name}`),
    ),
  );
}

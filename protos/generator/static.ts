import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pbjs from "protobufjs-cli/pbjs.js";
import type { ProtoPackage } from "./packages.ts";

const runPbjs = (args: string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    pbjs.main(args, (err) => (err ? reject(err) : resolve()));
  });

/** Static code without reflection: no .proto is read at run time, and a bundle needs only protobufjs/minimal. */
export const staticModule = async (pkg: ProtoPackage): Promise<[suffix: string, text: string][]> => {
  const dir = mkdtempSync(join(tmpdir(), "tideway-protos-"));
  try {
    const out = join(dir, `${pkg.module}.js`);
    const leaveOut = ["verify", "convert", "service", "typeurl", "delimited"].map((what) => `--no-${what}`);
    const options = [
      ...leaveOut,
      "--dts",
      "--dependency",
      "protobufjs/minimal.js",
      "--root",
      `tideway_${pkg.module}`,
    ];
    await runPbjs(["-t", "static-module", "-w", "esm", ...options, "-o", out, ...pkg.files]);
    return [".js", ".d.ts"].map((suffix) => [suffix, readFileSync(join(dir, pkg.module + suffix), "utf8")]);
  } finally {
    rmSync(dir, { recursive: true });
  }
};

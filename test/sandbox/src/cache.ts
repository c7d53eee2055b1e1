import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { withLock } from "./lock.ts";

/** Outside of the checkout, so that a second checkout builds nothing. */
export const cacheRoot = (): string =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tideway");

export interface Part {
  name: string;
  version: string;
  /** Everything the result depends on apart from the version: sources, flags. */
  inputs: readonly string[];
  /** Fills an empty directory. */
  build(dir: string): Promise<void>;
}

export const digest = (parts: readonly string[]): string =>
  createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 12);

export const partDir = (p: Pick<Part, "name" | "version" | "inputs">): string =>
  join(
    cacheRoot(),
    `${p.name}-${p.version.replaceAll("/", "_")}-${digest([process.arch, p.version, ...p.inputs])}`,
  );

/** The directory of the part, built when it is not there. It appears under its name only when it is complete. */
export async function cached(part: Part): Promise<string> {
  const dir = partDir(part);
  if (existsSync(dir)) return dir;
  return withLock(`${dir}.lock`, async () => {
    if (existsSync(dir)) return dir;
    mkdirSync(cacheRoot(), { recursive: true });
    const temp = mkdtempSync(`${dir}.tmp-`);
    try {
      await part.build(temp);
      renameSync(temp, dir);
    } finally {
      rmSync(temp, { recursive: true, force: true });
    }
    return dir;
  });
}

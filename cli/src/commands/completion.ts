import type { Cli } from "../cli.ts";
import { SCRIPTS } from "../completion/scripts.ts";
import { UsageError } from "../exit.ts";

export const run = (cli: Cli, args: string[]): Promise<void> => {
  const shell = args[0] ?? "";
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (!script)
    throw new UsageError(`no completion for "${shell}"`, {
      next: `one of ${Object.keys(SCRIPTS).join(", ")}`,
    });
  cli.io.out(script.trimEnd());
  return Promise.resolve();
};

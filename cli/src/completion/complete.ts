import type { Command, Option } from "commander";
import { FORMATS } from "../output.ts";
import { STRATEGIES } from "../offloading/selector.ts";

/** What only the cluster knows, asked for when it is needed. */
export interface Names {
  peers(): Promise<string[]>;
  namespaces(): Promise<string[]>;
  offloaded(): Promise<string[]>;
  contexts(): Promise<string[]>;
}

const SHELLS = ["bash", "zsh", "fish"];

/**
 * What may stand where the last of `words` is being typed; `words` is the line without `tideway`, its last
 * word possibly empty. Only candidates that begin with that word are returned.
 */
export const complete = async (
  program: Command,
  words: readonly string[],
  names: Names,
): Promise<string[]> => {
  const typing = words.at(-1) ?? "";
  const { command, positionals, pending } = walk(program, words.slice(0, -1));
  const candidates = pending
    ? await valuesOf(pending, names)
    : typing.startsWith("-")
      ? optionsOf(program, command)
      : positionals > 0
        ? []
        : [...visible(command).map((c) => c.name()), ...(await argumentsOf(command, names))];
  return candidates.filter((c) => c.startsWith(typing)).sort();
};

const visible = (command: Command): Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((c) => c.name() !== "help");

interface Place {
  command: Command;
  /** How many arguments the command has already got. */
  positionals: number;
  /** The option whose value comes next. */
  pending?: Option;
}

const walk = (program: Command, done: readonly string[]): Place => {
  let command = program;
  let positionals = 0;
  let pending: Option | undefined;
  for (const word of done) {
    if (pending) {
      pending = undefined;
    } else if (word.startsWith("-")) {
      const option = [...command.options, ...program.options].find(
        (o) => o.long === word || o.short === word,
      );
      pending = option?.required || option?.variadic ? option : undefined;
    } else {
      const sub = command.commands.find((c) => c.name() === word || c.aliases().includes(word));
      if (sub) command = sub;
      else positionals++;
    }
  }
  return { command, positionals, ...(pending ? { pending } : {}) };
};

/** Which cluster the line that is being typed speaks of. */
export const clusterIn = (words: readonly string[]): { kubeconfig?: string; context?: string } => {
  const valueOf = (flag: string): string | undefined => {
    const at = words.findLastIndex((w) => w === flag || w.startsWith(`${flag}=`));
    const word = words[at];
    return word === flag ? words[at + 1] || undefined : word?.slice(flag.length + 1);
  };
  const [kubeconfig, context] = [valueOf("--kubeconfig"), valueOf("--context")];
  return { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) };
};

const optionsOf = (program: Command, command: Command): string[] => {
  const own = command === program ? [] : command.options;
  return [...own, ...program.options].map((o) => o.long ?? "").concat("--help");
};

const valuesOf = async (option: Option, names: Names): Promise<string[]> => {
  switch (option.long) {
    case "--output":
      return [...FORMATS];
    case "--pod-offloading-strategy":
      return [...STRATEGIES];
    case "--peer":
      return await names.peers();
    case "--context":
    case "--peer-context":
      return await names.contexts();
    default:
      return [];
  }
};

const argumentsOf = async (command: Command, names: Names): Promise<string[]> => {
  const path = [command.parent?.name(), command.name()].join(" ");
  switch (path) {
    case "tideway unpeer":
    case "tideway status":
    case "tideway audit":
    case "tideway revoke":
    case "network status":
    case "network test":
    case "network bench":
      return await names.peers();
    case "offload namespace":
      return await names.namespaces();
    case "unoffload namespace":
      return await names.offloaded();
    case "tideway completion":
      return SHELLS;
    default:
      return [];
  }
};

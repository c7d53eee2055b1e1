import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Blob, composeImage, type Image, type ImageConfig, layer } from "./oci.ts";

/** A container file as this builder understands it: one stage, and no RUN, so that a build needs no container. */
export interface Instruction {
  name: string;
  text: string;
}

export function parseContainerfile(source: string): Instruction[] {
  return source
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .map((l) => l.trim())
    .filter((l) => l !== "" && !l.startsWith("#"))
    .map((l) => {
      const [name = "", ...rest] = l.split(/\s+/);
      return { name: name.toUpperCase(), text: rest.join(" ") };
    });
}

export function expand(text: string, args: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (_, a?: string, b?: string) => args[a ?? b ?? ""] ?? "");
}

export interface BuildInput {
  source: string;
  name: string;
  context: string;
  args: Readonly<Record<string, string>>;
  /** What FROM stands for here. */
  base: Image;
}

const argv = (text: string): string[] =>
  text.startsWith("[") ? (JSON.parse(text) as string[]) : ["/bin/sh", "-c", text];

export async function buildFrom(o: BuildInput): Promise<Image> {
  const layers = [...o.base.layers];
  const config: ImageConfig = {
    ...o.base.config,
    Env: [...(o.base.config.Env ?? [])],
    Labels: { ...o.base.config.Labels },
  };
  for (const { name, text } of parseContainerfile(o.source)) {
    const value = expand(text, o.args);
    if (name === "ARG" || name === "FROM") continue;
    else if (name === "WORKDIR") config.WorkingDir = value;
    else if (name === "USER") config.User = value;
    else if (name === "ENV") config.Env?.push(...value.split(" "));
    else if (name === "LABEL") Object.assign(config.Labels ?? {}, labels(value));
    else if (name === "ENTRYPOINT") Object.assign(config, { Entrypoint: argv(value), Cmd: [] });
    else if (name === "CMD") config.Cmd = argv(value);
    else if (name === "COPY") layers.push(await copy(o.context, value, config.WorkingDir ?? "/"));
    else throw new Error(`${name} is not understood by the sandbox's image builder`);
  }
  return composeImage(o.name, layers, config);
}

const labels = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(" ").map((p) => [p.split("=")[0] ?? "", p.slice(p.indexOf("=") + 1).replaceAll('"', "")]),
  );

/** The content of a directory into a directory. */
async function copy(context: string, text: string, workdir: string): Promise<Blob> {
  const [from = "", to = ""] = text.split(" ").filter((w) => !w.startsWith("--"));
  const source = join(context, from);
  if (!existsSync(source)) throw new Error(`${from} is not there: build the services first`);
  const target = join(workdir, to).replace(/\/$/, "").slice(1);
  return layer(["-C", source, `--transform=s,^\\.,${target},`, "."]);
}

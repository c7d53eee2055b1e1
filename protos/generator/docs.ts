import { readFileSync } from "node:fs";
import { join } from "node:path";
import prettier from "prettier";
import protobuf from "protobufjs";
import { camel, entityOf, factsOf, publishersOf, stateOf, valuesOf } from "./events.ts";
import type { ProtoPackage } from "./packages.ts";

const oneLine = (text: string | null | undefined): string =>
  (text ?? "").replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|");

/** `Subject: … Publisher: …` at the end of a message's comment. */
const placeOf = (message: protobuf.Type): { about: string; subject: string; publisher: string } => {
  const comment = (message.comment ?? "").replaceAll(/\s*\n\s*/g, " ");
  const [, about, subject] = /^(.*?)\s*Subject: (\S+(?: \S+)*?)\. Publisher: /.exec(comment) ?? [];
  if (!subject) throw new Error(`${message.name}: the comment must end "Subject: …. Publisher: …."`);
  return { about: about ?? "", subject, publisher: publishersOf(message).join(", ") };
};

const typeOf = (f: protobuf.Field): string => {
  const type = f.resolvedType instanceof protobuf.Enum ? "state" : f.type;
  return f instanceof protobuf.MapField ? `map of ${type}` : f.repeated ? `list of ${type}` : type;
};

/** The fields of a message, and below `name.` those of the messages inside of it. */
const rowsOf = (message: protobuf.Type, at = ""): string[] =>
  message.fieldsArray.flatMap((f) => {
    const name = `${at}${camel(f.name)}`;
    const row = `| \`${name}\` | ${typeOf(f)} | ${oneLine(f.comment)} |`;
    return f.resolvedType instanceof protobuf.Type ? [row, ...rowsOf(f.resolvedType, `${name}.`)] : [row];
  });

const section = (message: protobuf.Type): string => {
  const { about, subject, publisher } = placeOf(message);
  const entity = entityOf(message);
  const state = stateOf(message);
  const states = valuesOf(state.type).map(
    (v) => `| \`${v}\` | \`dev.tideway.${entity}.${v.toLowerCase()}\` | ${oneLine(state.type.comments[v])} |`,
  );
  return `### ${entity}

${about}

- subject: \`${subject}\`
- published by: ${publisher}
- message: \`tideway.events.v1.${message.name}\`

| \`${state.field}\` | type of the event | meaning |
| --- | --- | --- |
${states.join("\n")}

| field | type | meaning |
| --- | --- | --- |
${rowsOf(message).join("\n")}
`;
};

/** The page that a subscriber reads: around the reference a text written by hand, and an example that a test runs. */
export const eventsPage = (pkg: ProtoPackage, root: string): Promise<string> => {
  const text = readFileSync(join(root, "generator/events-page.md"), "utf8");
  const example = readFileSync(join(root, "../docs/examples/subscribe.ts"), "utf8");
  const overview = factsOf(pkg).map((m) => {
    const { subject, publisher } = placeOf(m);
    return `| [${entityOf(m)}](#${entityOf(m)}) | \`${subject.replaceAll("|", "\\|")}\` | ${publisher} |`;
  });
  const page = text
    .replace(
      "{{overview}}",
      () => `| entity | subject | published by |\n| --- | --- | --- |\n${overview.join("\n")}`,
    )
    .replace("{{example}}", () => `\`\`\`ts\n${example}\`\`\``)
    .replace("{{reference}}", () => factsOf(pkg).map(section).join("\n"));
  return prettier.format(page, { parser: "markdown", printWidth: 110, trailingComma: "all" });
};

/** The page docs/crds.md, from the schemas. */
import { crdName, groupOf, objectSchema, type Json } from "./crd.ts";
import { API_VERSION, CATEGORY } from "./names.ts";
import type { KindDefinition } from "./schema/define.ts";

type Schema = { [key: string]: Json };

const cell = (s: string): string => s.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (s: string): string => `\`${s}\``;

const typeOf = (s: Schema): string => {
  if (s["x-kubernetes-int-or-string"] === true) return "quantity";
  if (Array.isArray(s.enum)) return s.enum.map((v) => code(String(v))).join(", ");
  if (s.type === "array") return `list of ${typeOf(s.items as Schema)}`;
  if (s.type === "object" && s.additionalProperties !== undefined)
    return `map to ${typeOf(s.additionalProperties as Schema)}`;
  return s.format === "date-time" ? "time" : String(s.type);
};

const BOUNDS: [key: string, text: (v: string) => string][] = [
  ["minimum", (v) => `at least ${v}`],
  ["maximum", (v) => `at most ${v}`],
  ["minLength", (v) => `at least ${v} characters`],
  ["maxLength", (v) => `at most ${v} characters`],
  ["minItems", (v) => `at least ${v} entries`],
  ["maxItems", (v) => `at most ${v} entries`],
  ["maxProperties", (v) => `at most ${v} entries`],
];

const rulesOf = (s: Schema): string[] =>
  ((s["x-kubernetes-validations"] ?? []) as { message: string }[]).map((r) => r.message);

const notes = (s: Schema, required: boolean): string => {
  const bounds = BOUNDS.flatMap(([key, text]) => (s[key] === undefined ? [] : [text(String(s[key]))]));
  const sentences = [
    typeof s.description === "string" ? s.description : "",
    required ? "Required." : "",
    s.default === undefined ? "" : `Default ${code(JSON.stringify(s.default))}.`,
    bounds.length > 0 ? `${bounds.join(", ")}.` : "",
    ...rulesOf(s).map((m) => `Rule: ${m}.`),
  ];
  return sentences.filter(Boolean).join(" ");
};

const rows = (path: string, s: Schema): string[] => {
  const required = new Set((s.required ?? []) as string[]);
  return Object.entries((s.properties ?? {}) as Record<string, Schema>).flatMap(([name, child]) => {
    const at = `${path}.${name}`;
    const own = `| ${code(at)} | ${cell(typeOf(child))} | ${cell(notes(child, required.has(name)))} |`;
    const inner = child.type === "array" ? rows(`${at}[]`, child.items as Schema) : rows(at, child);
    // Everybody knows what a condition is.
    return name === "conditions" ? [own] : [own, ...inner];
  });
};

const table = (title: string, path: string, s: Schema): string[] => [
  `### ${title}`,
  "",
  "| field | type | meaning |",
  "|---|---|---|",
  ...rows(path, s),
  "",
];

const section = (k: KindDefinition): string[] => {
  const schema = objectSchema(k);
  const { spec, status } = schema.properties as Record<string, Schema>;
  const specRules = rulesOf(spec!);
  return [
    `## ${k.kind}`,
    "",
    k.description,
    "",
    `${code(crdName(k))}, ${code(`${groupOf(k)}/${API_VERSION}`)}, ${k.namespaced ? "namespaced" : "cluster-scoped"}, short ${k.shortNames.map(code).join(", ")}.`,
    "",
    ...[...(k.rules ?? []).map((r) => r.message), ...specRules].flatMap((m) => [`- Rule: ${m}.`]),
    ...(k.rules === undefined && specRules.length === 0 ? [] : [""]),
    ...table("spec", "spec", spec!),
    ...table("status", "status", status!),
  ];
};

export const referencePage = (kinds: readonly KindDefinition[]): string =>
  [
    "# Custom resources",
    "",
    "Made from the schemas in `libs/api/src/schema` by `libs/api/bin/generate.ts`; do not edit.",
    `All have the category ${code(CATEGORY)} (\`kubectl get ${CATEGORY} -A\`) and a status subresource with conditions`,
    "(type, status, reason, message, lastTransitionTime, observedGeneration; one of each type).",
    "",
    ...kinds.flatMap(section),
  ]
    .join("\n")
    .trimEnd() + "\n";

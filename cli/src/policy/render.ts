import type { Paint } from "../io.ts";
import { renderTable } from "../output.ts";
import type { PoolResult, TestResult } from "./try.ts";

const COLORS = { Accepted: "green", Refused: "red", Pending: "yellow" } as const;
const WORDS = { Accepted: "accept", Refused: "refuse", Pending: "ask" } as const;

const list = (o: Readonly<Record<string, string>>): string =>
  Object.entries(o)
    .map(([k, v]) => `${k} ${v}`)
    .join(", ") || "nothing";
const names = (classes: readonly { name: string }[] | undefined): string =>
  classes?.map((c) => c.name).join(", ") ?? "";

const outcome = (p: PoolResult, paint: Paint): string[] => [
  `${paint(COLORS[p.decision], WORDS[p.decision])} by ${p.rule} (${p.reason}): ${p.message}`,
  ...(p.decision === "Accepted"
    ? [
        `offered: ${list(p.offered)}`,
        ...(p.terms.price ? [`costs: ${p.costPerHour} ${p.terms.price.currency} an hour`] : []),
        ...(p.terms.storageClasses?.length ? [`storage classes: ${names(p.terms.storageClasses)}`] : []),
        ...(p.terms.ingressClasses?.length ? [`ingress classes: ${names(p.terms.ingressClasses)}`] : []),
      ]
    : []),
];

const pool = (p: PoolResult, several: boolean, paint: Paint): string => {
  const rows = p.rules.map((r) => [r.decides ? "*" : " ", r.rule, r.action, r.result, r.why]);
  return [
    ...(several ? [paint("bold", p.pool ? `node pool ${p.pool}` : "nodes in no pool")] : []),
    ...(rows.length > 0 ? [renderTable([" ", "RULE", "ACTION", "RESULT", "WHY"], rows)] : []),
    ...outcome(p, paint),
  ].join("\n");
};

export const renderTest = (t: TestResult, paint: Paint): string =>
  [
    ...t.problems.map((p) => `${paint("red", "mistake")} in ${p.field} (${p.rule}): ${p.message}`),
    ...t.pools.map((p) => pool(p, t.pools.length > 1, paint)),
  ].join("\n\n");

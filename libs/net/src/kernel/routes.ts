import { type Step, type Tools, batch, readList } from "./transaction.ts";
import type { Applied, Route, Routing, RoutingRule } from "./types.ts";

interface RouteState {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly dev?: string;
  readonly prefsrc?: string;
  readonly protocol?: string;
  readonly metric?: number;
  readonly flags?: readonly string[];
  readonly metrics?: readonly { readonly mtu?: number }[];
}
interface RuleState {
  readonly priority: number;
  readonly table?: string;
  readonly src?: string;
  readonly srclen?: number;
  readonly dst?: string;
  readonly dstlen?: number;
  readonly fwmark?: string;
  readonly fwmask?: string;
  readonly iif?: string;
  readonly [other: string]: unknown;
}

type Family = 4 | 6;
const whole = (family: Family): string => (family === 4 ? "0.0.0.0/0" : "::/0");
const hostSuffix = (family: Family): string => (family === 4 ? "/32" : "/128");

/** One spelling for both sides: `default` and host prefixes as iproute2 prints them. */
const destination = (text: string, family: Family): string => {
  if (text === whole(family)) return "default";
  return text.endsWith(hostSuffix(family)) ? text.slice(0, -hostSuffix(family).length) : text;
};

/** The words of `ip route` after the verb. */
const routeWords = (r: Route, family: Family, table: number): string =>
  [
    ...(r.type && r.type !== "unicast" ? [r.type] : []),
    destination(r.destination, family),
    ...(r.via === undefined ? [] : ["via", r.via]),
    ...(r.device === undefined ? [] : ["dev", r.device]),
    ...(r.onlink ? ["onlink"] : []),
    ...(r.source === undefined ? [] : ["src", r.source]),
    ...(r.mtu === undefined ? [] : ["mtu", r.mtu]),
    ...["table", table],
  ].join(" ");

/** Numeric (`-N`), so that no file of names on the node changes what is read. */
const TYPES: Readonly<Record<string, NonNullable<Route["type"]>>> = { "6": "blackhole", "7": "unreachable" };

const fromRouteState = (s: RouteState): Route => {
  const via = s.gateway ?? s.via?.host;
  const mtu = s.metrics?.find((m) => m.mtu !== undefined)?.mtu;
  const special = TYPES[s.type ?? ""];
  return {
    destination: s.dst,
    ...(special ? { type: special } : {}),
    ...(via === undefined ? {} : { via }),
    ...(s.dev === undefined || special ? {} : { device: s.dev }),
    ...(s.flags?.includes("onlink") ? { onlink: true } : {}),
    ...(s.prefsrc === undefined ? {} : { source: s.prefsrc }),
    ...(mtu === undefined ? {} : { mtu }),
  };
};

/** IPv6 gives a route without metric this one. */
const DEFAULT_METRIC = { 4: 0, 6: 1024 } as const;

const routeSteps = (wanted: readonly Route[], states: readonly RouteState[], at: Routing): Step[] => {
  const family = at.family ?? 4;
  const words = (r: Route): string => routeWords(r, family, at.table);
  const goals = new Set(wanted.map((r) => destination(r.destination, family)));
  const kept = new Map<string, { spec: string; again: string }>();
  const gone: Step[] = [];
  for (const s of states) {
    const spec = words(fromRouteState(s));
    const goal = destination(s.dst, family);
    const metric = s.metric ?? DEFAULT_METRIC[family];
    const full = metric === DEFAULT_METRIC[family] ? spec : `${spec} metric ${metric}`;
    const again = `route replace ${full}${s.protocol === undefined ? "" : ` proto ${s.protocol}`}`;
    if (full === spec && goals.has(goal) && !kept.has(goal)) kept.set(goal, { spec, again });
    else gone.push({ line: `route del ${full}`, undo: again });
  }
  // Before anything is taken away, what replaces it is there.
  const adds = wanted.flatMap((r): Step[] => {
    const [spec, old] = [words(r), kept.get(destination(r.destination, family))];
    if (old?.spec === spec) return [];
    return [{ line: `route replace ${spec} proto static`, undo: old?.again ?? `route del ${spec}` }];
  });
  return [...adds, ...gone];
};

const ruleWords = (r: RoutingRule, family: Family, table: number): string => {
  const prefix = (word: string, text?: string): string[] =>
    text === undefined || destination(text, family) === "default" ? [] : [word, destination(text, family)];
  const mask = r.fwmask === undefined || r.fwmask === 0xffffffff ? "" : `/0x${r.fwmask.toString(16)}`;
  return [
    ...["priority", r.priority],
    ...prefix("from", r.from),
    ...prefix("to", r.to),
    ...(r.fwmark === undefined ? [] : ["fwmark", `0x${r.fwmark.toString(16)}${mask}`]),
    ...(r.iif === undefined ? [] : ["iif", r.iif]),
    ...["table", table],
  ].join(" ");
};

const fromRuleState = (s: RuleState): RoutingRule => {
  const prefix = (text?: string, length?: number): string | undefined =>
    text === undefined || text === "all" ? undefined : length === undefined ? text : `${text}/${length}`;
  const [from, to] = [prefix(s.src, s.srclen), prefix(s.dst, s.dstlen)];
  return {
    priority: s.priority,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(s.fwmark === undefined ? {} : { fwmark: Number(s.fwmark) }),
    ...(s.fwmask === undefined ? {} : { fwmask: Number(s.fwmask) }),
    ...(s.iif === undefined ? {} : { iif: s.iif }),
  };
};

const KNOWN = /^(priority|table|src|srclen|dst|dstlen|fwmark|fwmask|iif|iif_detached|protocol)$/;

const ruleSteps = (at: Routing, states: readonly RuleState[]): Step[] => {
  const family = at.family ?? 4;
  const words = (r: RoutingRule): string => ruleWords(r, family, at.table);
  const wanted = at.rules.map(words);
  const kept = new Set<string>();
  const gone: Step[] = [];
  for (const s of states.filter((r) => r.table === String(at.table))) {
    const spec = words(fromRuleState(s));
    const exotic = Object.keys(s).some((key) => !KNOWN.test(key)); // `not`, ports, uids: not one of ours
    if (!exotic && wanted.includes(spec) && !kept.has(spec)) kept.add(spec);
    else
      gone.push({
        line: `rule del ${s["not"] === undefined ? "" : "not "}${spec}`,
        undo: `rule add ${spec}`,
      });
  }
  const adds = wanted
    .filter((spec) => !kept.has(spec))
    .map((spec) => ({ line: `rule add ${spec}`, undo: `rule del ${spec}` }));
  return [...adds, ...gone];
};

export const applyRoutes = async (tools: Tools, at: Routing): Promise<Applied> => {
  const family = at.family ?? 4;
  const ip = ["ip", `-${family}`];
  const [routes, rules] = await Promise.all([
    readList<RouteState>(
      tools,
      [...ip, "-N", "-d", "-j", "route", "show", "table", String(at.table)],
      /table does not exist|FIB table/i,
    ),
    readList<RuleState>(tools, [...ip, "-N", "-j", "rule", "show"]),
  ]);
  // Routes before the rules that lead to them, and the other way round when they go.
  const [forRoutes, forRules] = [routeSteps(at.routes, routes, at), ruleSteps(at, rules)];
  return batch(
    tools,
    "route",
    ip,
    at.rules.length > 0 ? [...forRoutes, ...forRules] : [...forRules, ...forRoutes],
  );
};

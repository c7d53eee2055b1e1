/** What a SearchDomain says of its last search, and when the next one is. Pure. */
import { type Condition, type ConditionInput, type SearchDomain, setCondition } from "@tideway/api";
import type { Search } from "./search.ts";

export type Outcome = { ok: true; search: Search } | { ok: false; error: string };

const DEFAULT_INTERVAL_SECONDS = 300;
/** A search that failed is tried again after this, ms, or sooner where the interval is shorter. */
const RETRY_MS = 10_000;
/** No domain makes us search it more often, ms. */
const MIN_PAUSE_MS = 1000;
/** Searched again when this share of the shortest time to live is over. */
const REFRESH = 0.8;
/** Problems that are named; the rest is counted. */
const NAMED = 3;

const intervalMs = (d: Readonly<SearchDomain>): number =>
  (d.spec.intervalSeconds ?? DEFAULT_INTERVAL_SECONDS) * 1000;

export const pauseMs = (d: Readonly<SearchDomain>, o: Outcome): number =>
  o.ok
    ? Math.max(MIN_PAUSE_MS, Math.min(intervalMs(d), o.search.ttlMs * REFRESH))
    : Math.min(intervalMs(d), RETRY_MS);

const problemsOf = (list: readonly string[]): string => {
  if (list.length === 0) return "";
  const more = list.length > NAMED ? ` and ${list.length - NAMED} more` : "";
  return `; not usable: ${list.slice(0, NAMED).join(", ")}${more}`;
};

const lineOf = (d: Readonly<SearchDomain>, o: Outcome): Omit<ConditionInput, "type"> => {
  const { domain } = d.spec;
  if (!o.ok)
    return {
      status: "False",
      reason: "SearchFailed",
      message: `${o.error}; what was found stays until its time is over; next try within ${pauseMs(d, o) / 1000} s`,
    };
  const { found, problems } = o.search;
  const count = `${found.length} ${found.length === 1 ? "cluster" : "clusters"}`;
  return {
    status: "True",
    reason: found.length > 0 ? "Found" : "NothingFound",
    message: `${found.length > 0 ? count : "no cluster"} announced in ${domain}${problemsOf(problems)}`,
  };
};

export const conditionOf = (d: Readonly<SearchDomain>, o: Outcome, now: number): Condition => {
  const { generation } = d.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const at = new Date(now).toISOString();
  return setCondition(d.status?.conditions, { type: "Ready", ...lineOf(d, o), ...observed }, at);
};

import { parse } from "./quantity.ts";
import { addLists, type Amounts, maxLists, NONE, parseList, sumLists } from "./resource-list.ts";

interface Resources {
  requests?: Readonly<Record<string, string>>;
  limits?: Readonly<Record<string, string>>;
}
interface Container {
  resources?: Resources | undefined;
  restartPolicy?: string;
}
/** Of core/v1 PodSpec what says how much a pod reserves. */
export interface Reserving {
  containers: readonly Container[];
  initContainers?: readonly Container[];
  resources?: Resources | undefined;
  overhead?: Readonly<Record<string, string>>;
}

/** A request that is not said is the limit, as the API server fills it in. */
const requestsOf = ({ resources }: Container): Amounts =>
  new Map([...parseList(resources?.limits), ...parseList(resources?.requests)]);

/** Amounts for the whole pod: requests win over the containers', limits stand in for both (KEP-2837). */
const wholePod = ({ resources }: Reserving, containers: Amounts): Amounts =>
  new Map([...parseList(resources?.limits), ...containers, ...parseList(resources?.requests)]);

/**
 * What the scheduler reserves for a pod: the containers and the sidecars together, or the most that one step of the
 * initialisation needs, whichever is more; amounts set for the whole pod win; then the overhead. One pod counts as
 * one of `pods`. Throws InvalidError naming what is no quantity.
 */
export function podRequests(spec: Reserving | undefined): Amounts {
  if (!spec) return ONE_POD;
  let sidecars: Amounts = NONE;
  let initialising: Amounts = NONE;
  for (const c of spec.initContainers ?? []) {
    const own = requestsOf(c);
    if (c.restartPolicy === "Always") sidecars = addLists(sidecars, own);
    initialising = maxLists(initialising, c.restartPolicy === "Always" ? sidecars : addLists(sidecars, own));
  }
  const running = addLists(sidecars, sumLists((spec.containers ?? []).map(requestsOf)));
  const whole = wholePod(spec, maxLists(running, initialising));
  return addLists(addLists(whole, parseList(spec.overhead)), ONE_POD);
}
const ONE_POD: Amounts = new Map([["pods", parse(1)]]);

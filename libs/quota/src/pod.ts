import { InvalidError } from "@tideway/errors";
import type { Pod } from "@tideway/k8s";
import { type Amounts, parseList, podRequests } from "@tideway/quantity";

type PodSpec = NonNullable<Pod["spec"]>;

/** A negative amount would give room away that others hold. */
const checkAmounts = (field: string, list: Readonly<Record<string, string>> | undefined): void => {
  for (const [name, amount] of parseList(list))
    if (amount.nanos < 0n) throw new InvalidError(`${field}: ${name} is negative`);
};

/**
 * What a pod with this spec is charged: one of `pods`, and what the scheduler reserves for it. A request that is not
 * said is the limit, as the API server makes it; with neither, the pod runs on what others leave, and is charged as a
 * pod alone. Throws InvalidError naming what is no amount or a negative one.
 */
export const podAmounts = (spec: Readonly<PodSpec>): Amounts => {
  for (const list of ["containers", "initContainers"] as const)
    if (spec[list] && !Array.isArray(spec[list])) throw new InvalidError(`${list} is not a list`);
  for (const { resources } of [...(spec.initContainers ?? []), ...(spec.containers ?? []), spec]) {
    checkAmounts("requests", resources?.requests);
    checkAmounts("limits", resources?.limits);
  }
  return podRequests(spec);
};

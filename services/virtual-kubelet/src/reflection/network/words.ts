/** What the owner of an object is told that is not at the provider: why, and what to do next. Pure. */
import type { Ingress, Service } from "@tideway/k8s";
import { type ClassMap, classOf, mapClass } from "./ingress.ts";
import { isApiServer, whyNotCopied } from "./service.ts";

export interface Word {
  type: "Normal" | "Warning";
  /** CamelCase word. */
  reason: string;
  message: string;
}

const NOT_REFLECTED = "NotReflected";

export const serviceWord = (s: Readonly<Service>, peer: string): Word | undefined => {
  const why = whyNotCopied(s);
  if (why === undefined || isApiServer(s)) return undefined; // nobody waits for the API server's
  return {
    type: "Warning",
    reason: NOT_REFLECTED,
    message: `not at ${peer}: ${why}; name a host outside of it, or use a Service with a selector in this namespace, whose endpoints are reflected`,
  };
};

/** Somebody chose that, so it is no warning. */
export const ingressWord = (
  i: Readonly<Ingress>,
  classes: Readonly<ClassMap>,
  peer: string,
): Word | undefined => {
  const name = classOf(i);
  if (mapClass(name, classes) !== undefined) return undefined;
  const which = name === undefined ? "without a class" : `of class ${name}`;
  return {
    type: "Normal",
    reason: NOT_REFLECTED,
    message: `not at ${peer}: Ingresses ${which} stay here by spec.ingressClasses of VirtualNode ${peer}; map them to a class of ${peer}'s there to have them served at ${peer} too`,
  };
};

/** Where the request went is nothing to its user. */
const reasonOf = (error: string): string => error.replace(/^[A-Z]+ https?:\S+: /, "");

export const refusedWord = (error: string, peer: string): Word => ({
  type: "Warning",
  reason: "ReflectionRefused",
  message: `${peer} refuses it: ${reasonOf(error)}; change it so that ${peer} takes it, or ask the owner of ${peer} to allow it`,
});

export const takenWord = (kind: string, twin: string, peer: string): Word => ({
  type: "Warning",
  reason: "NameTaken",
  message: `not at ${peer}: its owner has a ${kind} of this name in namespace ${twin}, which is left alone; rename this one, or ask the owner of ${peer} to delete theirs`,
});

/** `failed`: the address and why. */
export const unmappedWord = (failed: string, peer: string): Word => ({
  type: "Warning",
  reason: "AddressNotMapped",
  message: `not all of it is at ${peer}: no external address for ${failed}; it is tried again, see AddressPool default`,
});

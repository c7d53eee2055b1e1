import type { VirtualNodeSpec } from "@tideway/api";
import type { Ingress } from "@tideway/k8s";
import { labelsOf } from "./service.ts";

export type ClassMap = NonNullable<VirtualNodeSpec["ingressClasses"]>;

export interface IngressCopy {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  spec: NonNullable<Ingress["spec"]>;
}

/** The class as it was said before Kubernetes 1.18. */
const OLD_CLASS = "kubernetes.io/ingress.class";
/** Annotations that are no word to the ingress controller, and pieces of its configuration, which no provider takes. */
const LEFT_OUT = /(^kubernetes\.io\/|^kubectl\.kubernetes\.io\/|(^|\.)tideway\.dev\/|-snippet$)/;
const ANY = "*";
const NOT_REFLECTED = "-";

/**
 * The class at the provider: "" for its default, undefined where Ingresses of the class stay here. Without a word
 * about it a class is the provider's default, because names of classes mean nothing in another cluster.
 */
export const mapClass = (name: string | undefined, classes: Readonly<ClassMap>): string | undefined => {
  const entry = classes.find((c) => c.from === (name ?? "")) ?? classes.find((c) => c.from === ANY);
  return entry?.to === NOT_REFLECTED ? undefined : (entry?.to ?? "");
};

export const classOf = (i: Readonly<Ingress>): string | undefined =>
  i.spec?.ingressClassName ?? i.metadata.annotations?.[OLD_CLASS];

/** Secrets whose certificates the Ingress serves with. */
export const tlsSecretsOf = (spec: Readonly<NonNullable<Ingress["spec"]>>): string[] =>
  (spec.tls ?? []).flatMap(({ secretName }) => secretName || []);

/** The Ingress as it is made in the twin namespace; undefined: its class stays here. */
export const copyOfIngress = (i: Readonly<Ingress>, classes: Readonly<ClassMap>): IngressCopy | undefined => {
  const { annotations = {}, labels } = i.metadata;
  const name = mapClass(classOf(i), classes);
  if (!i.spec || name === undefined) return undefined;
  const { defaultBackend, rules, tls } = i.spec;
  return {
    labels: labelsOf(labels),
    annotations: Object.fromEntries(Object.entries(annotations).filter(([key]) => !LEFT_OUT.test(key))),
    spec: {
      ...(name ? { ingressClassName: name } : {}),
      ...(defaultBackend ? { defaultBackend } : {}),
      ...(rules ? { rules } : {}),
      ...(tls ? { tls } : {}),
    },
  };
};

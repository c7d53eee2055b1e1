import type { Ingress } from "@tideway/k8s";
import { type ClassMap, copyOfIngress, tlsSecretsOf } from "./network/ingress.ts";
import { copyKey } from "./names.ts";
import type { Sources } from "./sources.ts";

/** Secrets that reflected Ingresses serve TLS with: the provider's controller needs them, though no pod names them. */
export interface Certificates {
  /** Undefined: not known yet. */
  isUsed(namespace: string, secret: string): boolean | undefined;
  /** The Ingress changed: keys whose usage may have changed. */
  update(namespace: string, name: string): readonly string[];
  /** The same of all Ingresses of the namespace. */
  updateAll(namespace: string): readonly string[];
}

export const createCertificates = (
  sources: Pick<Sources, "openNetwork">,
  ingressClasses: () => Readonly<ClassMap>,
): Certificates => {
  /** What each Ingress named when it was last looked at, by `namespace/name`. */
  const named = new Map<string, readonly string[]>();
  const secretsOf = (ingress: Readonly<Ingress> | undefined): string[] => {
    // Most Ingresses name none, and their copy need not be made to know that.
    if (!ingress?.spec || tlsSecretsOf(ingress.spec).length === 0) return [];
    const copy = copyOfIngress(ingress, ingressClasses());
    return copy ? tlsSecretsOf(copy.spec) : [];
  };
  const update: Certificates["update"] = (namespace, name) => {
    const key = `${namespace}/${name}`;
    const now = secretsOf(sources.openNetwork(namespace)?.ingresses.get(key));
    const before = named.get(key) ?? [];
    if (now.length > 0) named.set(key, now);
    else named.delete(key);
    return [...new Set([...before, ...now])].map((s) => copyKey("secrets", namespace, s));
  };
  return {
    isUsed: (namespace, secret) => {
      const cache = sources.openNetwork(namespace)?.ingresses;
      if (!cache?.hasSynced) return undefined;
      return cache.list().some((i) => secretsOf(i).includes(secret));
    },
    update,
    updateAll: (namespace) =>
      (sources.openNetwork(namespace)?.ingresses.list() ?? []).flatMap((i) =>
        update(namespace, i.metadata.name),
      ),
  };
};

import { ORIGIN } from "@tideway/api";
import { type Informer, type Kube, type Namespace, namespaces } from "@tideway/k8s";
import type { Origins } from "./ports.ts";

/**
 * From the cache; a namespace that is not in it is asked for, because a twin's first ShadowPod may arrive
 * before our watch tells of the twin.
 */
export const originsOf = (kube: Kube, labelled: Informer<Namespace>): Origins => ({
  of: async (namespace) => {
    const found = labelled.get(namespace) ?? (await kube.find(namespaces, namespace));
    return found?.metadata.labels?.[ORIGIN];
  },
});

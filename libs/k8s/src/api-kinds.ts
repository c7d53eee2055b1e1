import { TidewayError } from "@tideway/errors";
import type { Kube } from "./client.ts";
import type { Resource } from "./types.ts";

/** A kind whose objects live in namespaces, in the first version its API server prefers. */
export interface ApiKind extends Resource {
  readonly verbs: ReadonlySet<string>;
}

interface Discovered {
  resource: string;
  scope: string;
  verbs?: string[];
  responseKind?: { kind: string };
}
interface DiscoveryList {
  items?: {
    metadata: { name?: string };
    versions?: { version: string; freshness?: string; resources?: Discovered[] }[];
  }[];
}

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const ROOTS = ["/api", "/apis"] as const;
/** The same objects under a second group; asking twice tells nothing new. */
const TWICE = new Set(["events.k8s.io/events"]);

interface Known {
  etag: string | undefined;
  kinds: readonly ApiKind[];
}
/** By client and root. Asked again each time, but sent again only when it has changed (ETag). */
const known = new WeakMap<Kube, Map<string, Known>>();

const kindsOf = (list: DiscoveryList): ApiKind[] => {
  const kinds = new Map<string, ApiKind>();
  for (const { metadata, versions = [] } of list.items ?? [])
    for (const { version, freshness, resources = [] } of versions) {
      const group = metadata.name ?? "";
      if (freshness === "Stale")
        throw new TidewayError(`the server of ${group}/${version} does not say what it serves`);
      for (const { resource, scope, verbs = [], responseKind } of resources) {
        const key = `${group}/${resource}`;
        if (scope !== "Namespaced" || kinds.has(key) || TWICE.has(key)) continue;
        const kind = responseKind?.kind ?? "";
        kinds.set(key, { group, version, plural: resource, kind, namespaced: true, verbs: new Set(verbs) });
      }
    }
  return [...kinds.values()];
};

const read = async (kube: Kube, root: string, signal?: AbortSignal): Promise<readonly ApiKind[]> => {
  const cache = known.get(kube) ?? new Map<string, Known>();
  known.set(kube, cache);
  const had = cache.get(root);
  const answer = await kube.request({
    method: "GET",
    path: root,
    headers: { accept: AGGREGATED, ...(had?.etag ? { "if-none-match": had.etag } : {}) },
    ...(signal ? { signal } : {}),
  });
  const text = await answer.body.text();
  if (answer.status === 304 && had) return had.kinds;
  const type = String(answer.headers["content-type"] ?? "");
  if (answer.status !== 200 || !type.includes("APIGroupDiscoveryList"))
    throw new TidewayError(`GET ${root}: no aggregated discovery (HTTP ${answer.status})`);
  const kinds = kindsOf(JSON.parse(text) as DiscoveryList);
  const { etag } = answer.headers;
  cache.set(root, { etag: typeof etag === "string" ? etag : undefined, kinds });
  return kinds;
};

/**
 * Every kind with objects in namespaces that can be deleted, by aggregated discovery (Kubernetes 1.30). Throws when
 * one API server behind an APIService is silent: then nobody knows all kinds.
 */
export const deletableKinds = async (kube: Kube, signal?: AbortSignal): Promise<ApiKind[]> => {
  const lists = await Promise.all(ROOTS.map((root) => read(kube, root, signal)));
  return lists.flat().filter((k) => k.verbs.has("delete"));
};

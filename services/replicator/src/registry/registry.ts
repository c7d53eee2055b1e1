import { InvalidError } from "@tideway/errors";
import { resource } from "@tideway/k8s";
import { parse } from "yaml";
import type { CopyObject, Direction, Kind } from "../ports.ts";

/** One entry of the registry, as people write it. */
export interface KindEntry {
  /** API group. */
  group: string;
  version: string;
  /** Plural, lower case, as in a URL. */
  resource: string;
  kind: string;
  direction: Direction;
  /** Default true; for Both each side's status is its own business: always false. */
  status?: boolean;
}

/** What crosses unless configured otherwise. */
export const DEFAULT_KINDS: readonly KindEntry[] = [
  {
    group: "sharing.tideway.dev",
    version: "v1alpha1",
    resource: "resourcerequests",
    kind: "ResourceRequest",
    direction: "Push",
  },
  {
    group: "offloading.tideway.dev",
    version: "v1alpha1",
    resource: "namespacemaps",
    kind: "NamespaceMap",
    direction: "Push",
  },
  {
    group: "sharing.tideway.dev",
    version: "v1alpha1",
    resource: "resourceoffers",
    kind: "ResourceOffer",
    direction: "Pull",
  },
  {
    group: "networking.tideway.dev",
    version: "v1alpha1",
    resource: "networkconfigs",
    kind: "NetworkConfig",
    direction: "Both",
    status: false,
  },
];

/** Most entries a registry may have: each is one watch a peer. */
const MAX_KINDS = 32;
/** Replication carries intent of Tideway's own and of add-ons; never the core API with its Secrets and Pods. */
const GROUP = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;
const FIELDS: Record<keyof KindEntry, (v: unknown) => string | undefined> = {
  group: (v) =>
    typeof v === "string" && GROUP.test(v) && !/(^|\.)k8s\.io$/.test(v)
      ? undefined
      : "must be an API group with a dot that is not Kubernetes' own",
  version: (v) =>
    typeof v === "string" && /^v\d+((alpha|beta)\d+)?$/.test(v)
      ? undefined
      : "must be a version such as v1alpha1",
  resource: (v) =>
    typeof v === "string" && /^[a-z][a-z0-9]{0,62}$/.test(v) ? undefined : "must be the plural in lower case",
  kind: (v) =>
    typeof v === "string" && /^[A-Z][A-Za-z0-9]{0,62}$/.test(v)
      ? undefined
      : "must be a kind such as ResourceRequest",
  direction: (v) => (v === "Push" || v === "Pull" || v === "Both" ? undefined : "must be Push, Pull or Both"),
  status: (v) => (v === undefined || typeof v === "boolean" ? undefined : "must be true or false"),
};

const problemsOf = (entry: unknown, at: string): string[] => {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return [`${at} must be an object`];
  const given = entry as Record<string, unknown>;
  const unknown = Object.keys(given).filter((k) => !(k in FIELDS));
  return [
    ...unknown.map((k) => `${at}.${k} is not a field (they are ${Object.keys(FIELDS).join(", ")})`),
    ...Object.entries(FIELDS).flatMap(([field, check]) => {
      const problem = check(given[field]);
      return problem
        ? [`${at}.${field} is ${JSON.stringify(given[field]) ?? "missing"}, but ${problem}`]
        : [];
    }),
    ...(given.direction === "Both" && given.status === true
      ? [`${at}.status is true, but no status crosses where both sides have origins`]
      : []),
  ];
};

const toKind = (e: KindEntry): Kind => ({
  name: `${e.resource}.${e.group}`,
  resource: resource<CopyObject>(e.group, e.version, e.resource, e.kind),
  direction: e.direction,
  status: e.direction !== "Both" && (e.status ?? true),
});

/** Checks all entries at once; every mistake is named by its place, value and bound. */
export const registryOf = (entries: readonly unknown[], source = "kinds"): Kind[] => {
  const problems = entries.flatMap((e, i) => problemsOf(e, `${source}[${i}]`));
  if (entries.length === 0) problems.push(`${source} must have at least one entry`);
  if (entries.length > MAX_KINDS)
    problems.push(`${source} has ${entries.length} entries, but at most ${MAX_KINDS} are allowed`);
  if (problems.length === 0) {
    const seen = new Set<string>();
    for (const { name } of (entries as KindEntry[]).map(toKind)) {
      if (seen.has(name)) problems.push(`${source} names ${name} twice: a kind crosses in one direction`);
      seen.add(name);
    }
  }
  if (problems.length > 0) throw new InvalidError(`invalid replicator kinds: ${problems.join("; ")}`);
  return (entries as KindEntry[]).map(toKind);
};

/** The registry in YAML or JSON: `kinds: [...]`. Nothing given: the default. */
export const parseRegistry = (text: string | undefined): Kind[] => {
  if (text === undefined || text.trim() === "") return registryOf(DEFAULT_KINDS);
  let body: unknown;
  try {
    body = parse(text);
  } catch (cause) {
    throw new InvalidError("invalid replicator kinds: neither YAML nor JSON", { cause });
  }
  const kinds = (body as { kinds?: unknown } | null)?.kinds;
  if (!Array.isArray(kinds))
    throw new InvalidError("invalid replicator kinds: the file must hold a list named kinds");
  return registryOf(kinds);
};

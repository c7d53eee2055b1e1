import { isDeepStrictEqual } from "node:util";
import { sameConditions, type SearchDomain, searchDomains, type SearchDomainStatus } from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import type { Clock, ClustersOf } from "../ports.ts";
import type { Sighting, Sightings } from "../found/sightings.ts";
import { conditionOf, type Outcome, pauseMs } from "./decide.ts";
import type { Server } from "./query.ts";
import type { Search } from "./search.ts";

export const DOMAIN_MANAGER = "discovery";

export interface DomainDeps {
  kube: Pick<Kube, "apply">;
  clock: Clock;
  get(name: string): Readonly<SearchDomain> | undefined;
  /** Every replica searches every domain, as it needs all sightings; one says so in the status. */
  writes(name: string): boolean;
  search(domain: string, servers: readonly Server[], signal: AbortSignal): Promise<Search>;
  clustersOf: ClustersOf;
  sightings: Sightings;
  /** Cluster IDs of which something new is known. */
  changed(ids: readonly string[]): void;
  searched(outcome: Outcome): void;
}

interface Known {
  uid: string | undefined;
  generation: number | undefined;
  outcome: Outcome;
  found: readonly Sighting[];
  dueMs: number;
}

const serverOf = (text: string): Server => {
  const at = text.lastIndexOf(":");
  return { address: text.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(text.slice(at + 1)) };
};

/** Of this very SearchDomain, as it is wanted now: a new one of the same name begins at the same generation. */
const isOf = (k: Known, { metadata }: Readonly<SearchDomain>): boolean =>
  k.uid === metadata.uid && k.generation === metadata.generation;

/** Key: name of a SearchDomain. */
export const createDomainReconciler = (d: DomainDeps): Reconcile => {
  const known = new Map<string, Known>();

  const lookNow = async (
    sd: Readonly<SearchDomain>,
    before: Known | undefined,
    signal: AbortSignal,
  ): Promise<Known> => {
    const { domain, servers = [] } = sd.spec;
    const outcome: Outcome = await d
      .search(domain, servers.map(serverOf), signal)
      .then((s) => ({ ok: true, search: s }) as const)
      .catch((err: unknown) => ({ ok: false, error: describeError(err) }) as const);
    d.searched(outcome);
    // silence withdraws nothing: what was found before stays until its time is over
    const found = outcome.ok ? outcome.search.found : before && isOf(before, sd) ? before.found : [];
    const dueMs = d.clock.now() + pauseMs(sd, outcome);
    const { uid, generation } = sd.metadata;
    return { uid, generation, outcome, found, dueMs };
  };

  const writeStatus = async (sd: Readonly<SearchDomain>, k: Known, signal: AbortSignal): Promise<void> => {
    const now = d.clock.now();
    const ids = [...new Set(k.found.filter((s) => s.untilMs > now).map((s) => s.announcement.clusterID))];
    const found = ids.flatMap((id) => d.clustersOf(id)[0]?.metadata.name ?? []).sort();
    const { name, uid, generation } = sd.metadata;
    const status: SearchDomainStatus = {
      conditions: [conditionOf(sd, k.outcome, now)],
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(found.length > 0 ? { found } : {}),
    };
    const same =
      sameConditions(sd.status?.conditions, status.conditions) &&
      isDeepStrictEqual(sd.status?.found ?? [], found);
    if (same) return;
    const metadata = { name, ...(uid === undefined ? {} : { uid }) };
    await d.kube.apply(
      searchDomains,
      { metadata, status },
      { fieldManager: DOMAIN_MANAGER, subresource: "status", signal },
    );
  };

  return async (name, { signal }) => {
    const sd = d.get(name);
    if (!sd || sd.metadata.deletionTimestamp) {
      known.delete(name);
      d.changed(d.sightings.setDomain(name, undefined));
      return {};
    }
    let k = known.get(name);
    if (!k || !isOf(k, sd) || k.dueMs <= d.clock.now()) {
      k = await lookNow(sd, k, signal);
      known.set(name, k);
      const { found, outcome } = k;
      d.changed(d.sightings.setDomain(name, { domain: sd.spec.domain, found, answered: outcome.ok }));
    }
    if (d.writes(name)) await writeStatus(sd, k, signal);
    return { requeueAfterMs: Math.max(1, k.dueMs - d.clock.now()) };
  };
};

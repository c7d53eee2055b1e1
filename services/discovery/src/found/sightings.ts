/** Who is announced where, now: from the facts of the mdns-agent, and from what searching domains gave. */
import type { Way } from "@tideway/api";
import type { Announcement } from "@tideway/dnssd";
import type { FactOf } from "@tideway/protos";

export interface Sighting {
  announcement: Announcement;
  way: Way;
  /** `local`, or the domain that was searched. */
  domain: string;
  untilMs: number;
}

export interface Sightings {
  /** Of one cluster ID, those whose time is not over. */
  of(id: string, now: number): Sighting[];
  /**
   * Whether it would be known if this cluster were announced there now: else its absence means nothing, since nobody has
   * looked since the start.
   */
  knows(id: string, place: Pick<Sighting, "way" | "domain">): boolean;
  /** Replaces what searching gave, undefined: it is not searched any more. The IDs that may have changed. */
  setDomain(searchDomain: string, searched: Searched | undefined): string[];
  /** Every ID that is announced anywhere, lately too. */
  ids(): string[];
}

export interface Searched {
  domain: string;
  found: readonly Sighting[];
  /** The last search was answered. */
  answered: boolean;
}

const LOCAL_DOMAIN = "local";

const fromFact = (f: FactOf["sighting"]): Sighting[] =>
  f.state !== "SEEN"
    ? []
    : [
        {
          announcement: {
            clusterID: f.clusterId,
            clusterName: f.clusterName,
            version: f.protocolVersion,
            endpoint: f.authEndpoint,
            pin: f.pin,
          },
          way: "mDNS",
          domain: LOCAL_DOMAIN,
          untilMs: Date.parse(f.until) || 0,
        },
      ];

const idsOf = (list: readonly Sighting[]): string[] => list.map((s) => s.announcement.clusterID);

export const createSightings = (local: () => FactOf["sighting"][]): Sightings => {
  const domains = new Map<string, Searched>();
  const all = (): Sighting[] => [
    ...local().flatMap(fromFact),
    ...[...domains.values()].flatMap((d) => d.found),
  ];
  return {
    of: (id, now) => all().filter((s) => s.announcement.clusterID === id && s.untilMs > now),
    knows: (id, { way, domain }) =>
      way === "mDNS"
        ? local().some((f) => f.clusterId === id)
        : [...domains.values()].some((d) => d.answered && d.domain === domain),
    setDomain: (searchDomain, searched) => {
      const before = domains.get(searchDomain)?.found ?? [];
      if (searched) domains.set(searchDomain, searched);
      else domains.delete(searchDomain);
      return [...new Set([...idsOf(before), ...idsOf(searched?.found ?? [])])];
    },
    ids: () => [...new Set(idsOf(all()))],
  };
};

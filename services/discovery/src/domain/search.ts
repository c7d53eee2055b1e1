/** One search of a domain by DNS-SD: the pointers, then each announcement's records (RFC 6763, sections 4 to 6). */
import {
  type Announcement,
  type DnsRecord,
  foldName,
  fromTxt,
  type Packet,
  serviceName,
} from "@tideway/dnssd";
import { describeError, UnavailableError } from "@tideway/errors";
import type { Sighting } from "../found/sightings.ts";
import type { Asked, Query, Server } from "./query.ts";

export interface Search {
  found: Sighting[];
  /** Announcements that are not sound, or whose records did not come: name and why. */
  problems: string[];
  /** Of what was found the shortest time to live, ms; Infinity: nothing was found. */
  ttlMs: number;
}

/** As many as a SearchDomain's status holds. */
export const MAX_FOUND = 256;
/** Questions under way at the same time. */
const AT_ONCE = 8;
/** A record that is not to be kept at all is kept this long, ms: one search must be able to see it. */
const MIN_TTL_MS = 1000;

/** The first server that answers; one that refuses or fails is passed over. */
const ask = async (
  query: Query,
  servers: readonly Server[],
  asked: Asked,
  signal: AbortSignal,
): Promise<Packet> => {
  const failures: string[] = [];
  for (const server of servers)
    try {
      const answer = await query(server, asked, signal);
      if (answer.rcode === "NOERROR" || answer.rcode === "NXDOMAIN") return answer;
      failures.push(`${server.address}:${server.port} says ${answer.rcode} to ${asked.type} ${asked.name}`);
    } catch (err) {
      failures.push(describeError(err));
    }
  throw new UnavailableError(failures.join("; ") || "there is no DNS server to ask");
};

type OfType<T extends DnsRecord["type"]> = Extract<DnsRecord, { type: T }>;
const recordsOf = <T extends Asked["type"]>(p: Packet, type: T, name: string): OfType<T>[] =>
  p.answers.filter((r): r is OfType<T> => r.type === type && r.name === foldName(name));

const endpointOf = (srv: OfType<"SRV"> | undefined): string =>
  srv && srv.target && srv.port > 0 ? `${srv.target}:${srv.port}` : "";

const inTurn = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of rest) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
};

interface Instance {
  name: string;
  ttl: number;
  announcement?: Announcement;
  problem?: string;
}

export const search = async (
  o: { query: Query; servers: readonly Server[]; domain: string; now: () => number },
  signal: AbortSignal,
): Promise<Search> => {
  const pointers = recordsOf(
    await ask(o.query, o.servers, { name: serviceName(o.domain), type: "PTR" }, signal),
    "PTR",
    serviceName(o.domain),
  );
  const names = new Map(pointers.map((p) => [p.target, p.ttl]));
  const look = async ([name, pointerTtl]: [string, number]): Promise<Instance> => {
    try {
      const [service, text] = await Promise.all(
        (["SRV", "TXT"] as const).map((type) => ask(o.query, o.servers, { name, type }, signal)),
      );
      const [srv] = service ? recordsOf(service, "SRV", name) : [];
      const [txt] = text ? recordsOf(text, "TXT", name) : [];
      const announcement = txt && fromTxt(txt.strings, endpointOf(srv));
      if (!srv || !announcement)
        return { name, ttl: 0, problem: srv && txt ? "not sound" : "SRV or TXT is missing" };
      return { name, ttl: Math.min(pointerTtl, srv.ttl, txt.ttl), announcement };
    } catch (err) {
      return { name, ttl: 0, problem: describeError(err) };
    }
  };
  const instances = await inTurn([...names].slice(0, MAX_FOUND), look);
  const now = o.now();
  const found = instances.flatMap(({ announcement, ttl }): Sighting[] => {
    const untilMs = now + Math.max(ttl * 1000, MIN_TTL_MS);
    return announcement ? [{ announcement, way: "DNS", domain: o.domain, untilMs }] : [];
  });
  return {
    found,
    problems: instances.flatMap(({ name, problem }) => (problem ? [`${name}: ${problem}`] : [])),
    ttlMs: Math.min(Infinity, ...found.map((s) => s.untilMs - now)),
  };
};

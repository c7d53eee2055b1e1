import { isIP } from "node:net";
import {
  type Announcement,
  type DnsRecord,
  instanceName,
  LOCAL,
  metaName,
  serviceName,
  toTxt,
} from "@tideway/dnssd";

/** What this cluster wants known on the local network. */
export interface Offer {
  announcement: Announcement;
  /** Seconds that others keep it without hearing it again. */
  ttl: number;
}

export interface OwnRecords {
  /** First label of the announcement: the cluster's name, with a number where another cluster has it. */
  instance: string;
  /** May stand beside others' records of the same name: the pointers to the service and to its type. */
  shared: DnsRecord[];
  /** Nobody else may have records of these names. */
  unique: DnsRecord[];
}

/** A host's name ends in the first characters of the cluster's ID: people do not see it. */
const hostLabel = (clusterID: string): string => `tideway-${clusterID.slice(0, 13).toLowerCase()}`;
const numbered = (label: string, attempt: number): string =>
  attempt === 1 ? label : `${label.slice(0, 55)}-${attempt}`;

const splitEndpoint = (endpoint: string): { host: string; port: number } => {
  const at = endpoint.lastIndexOf(":");
  return { host: endpoint.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(endpoint.slice(at + 1)) };
};

/** Names after `attempt` - 1 conflicts (RFC 6762, section 9). */
export const recordsOf = ({ announcement: a, ttl }: Offer, attempt: number): OwnRecords => {
  const instance = numbered(a.clusterName, attempt);
  const name = instanceName(instance, LOCAL);
  const { host, port } = splitEndpoint(a.endpoint);
  const family = isIP(host);
  const target = family ? `${numbered(hostLabel(a.clusterID), attempt)}.${LOCAL}` : host.toLowerCase();
  const shared = (from: string, to: string): DnsRecord => ({
    type: "PTR",
    name: from,
    ttl,
    flush: false,
    target: to,
  });
  const address: DnsRecord[] = family
    ? [{ type: family === 4 ? "A" : "AAAA", name: target, ttl, flush: true, address: host }]
    : [];
  return {
    instance,
    shared: [shared(serviceName(LOCAL), name), shared(metaName(LOCAL), serviceName(LOCAL))],
    unique: [
      { type: "SRV", name, ttl, flush: true, target, port },
      { type: "TXT", name, ttl, flush: true, strings: toTxt(a) },
      ...address,
    ],
  };
};

export const allOf = (r: OwnRecords): DnsRecord[] => [...r.shared, ...r.unique];

/** How a ForeignCluster was found, as its annotation tells. */
import { FOUND } from "./names.ts";

export const WAYS = ["mDNS", "DNS"] as const;
export type Way = (typeof WAYS)[number];

/** One place in which a cluster announces itself. */
export interface FoundAt {
  way: Way;
  /** `local` for mDNS, else the domain that was searched. */
  domain: string;
  /** RFC 3339: when what was announced ends, unless it is announced again. */
  until: string;
  /** What was announced: host:port and SPKI pin of the auth service. */
  endpoint: string;
  pin: string;
}

const isFoundAt = (v: unknown): v is FoundAt => {
  const at = v as Partial<FoundAt> | null;
  return (
    typeof at === "object" &&
    at !== null &&
    WAYS.some((w) => w === at.way) &&
    typeof at.domain === "string" &&
    typeof at.endpoint === "string" &&
    typeof at.pin === "string" &&
    typeof at.until === "string" &&
    !Number.isNaN(Date.parse(at.until))
  );
};

/** Empty for a ForeignCluster that was not found, and for an annotation that somebody has spoilt. */
export const foundOf = (o: { metadata: { annotations?: Record<string, string> } }): FoundAt[] => {
  const text = o.metadata.annotations?.[FOUND];
  if (text === undefined) return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isFoundAt) : [];
  } catch {
    return [];
  }
};

import { isEndpoint, isPin } from "@tideway/pki";

/** What a cluster says of itself by DNS-SD. Nobody vouches for any of it. */
export interface Announcement {
  /** UID of its namespace kube-system. */
  clusterID: string;
  /** Name for people. */
  clusterName: string;
  /** Version of the protocol between clusters, `major.minor`. */
  version: string;
  /** host:port of its auth service. */
  endpoint: string;
  /** SPKI pin of its auth service, `sha256/<base64>`. */
  pin: string;
}

/** Of the TXT record itself (RFC 6763, section 6.7). */
const TXT_VERSION = "1";
/** Keys are at most nine characters (RFC 6763, section 6.4). */
const KEYS = { clusterID: "id", clusterName: "name", version: "v", endpoint: "ep", pin: "pin" } as const;

/** The strings of the TXT record; `txtvers` comes first. */
export const toTxt = (a: Announcement): string[] => [
  `txtvers=${TXT_VERSION}`,
  ...Object.entries(KEYS).map(([field, key]) => `${key}=${a[field as keyof typeof KEYS]}`),
];

const CLUSTER_ID = /^[0-9a-zA-Z]([-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?$/;
/** What a cluster may be called by its configuration. */
const CLUSTER_NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const VERSION = /^[0-9]{1,4}\.[0-9]{1,4}$/;

/** The same that the API server checks of a ForeignCluster, so that what is read here can be stored there. */
const isSound = (a: Announcement): boolean =>
  CLUSTER_ID.test(a.clusterID) &&
  CLUSTER_NAME.test(a.clusterName) &&
  VERSION.test(a.version) &&
  a.endpoint.length <= 261 &&
  isEndpoint(a.endpoint) &&
  isPin(a.pin);

/**
 * Reads a TXT record; undefined where something is missing or not what it should be. Of a key that is there twice the
 * first counts, keys are compared without regard to case, and unknown ones are left alone (RFC 6763, section 6.4).
 * `endpoint` stands in for a record without one: what its SRV record says.
 */
export const fromTxt = (strings: readonly string[], endpoint = ""): Announcement | undefined => {
  const values = new Map<string, string>();
  for (const s of strings) {
    const at = s.indexOf("=");
    const key = s.slice(0, at).toLowerCase();
    if (at > 0 && !values.has(key)) values.set(key, s.slice(at + 1));
  }
  if ((values.get("txtvers") ?? TXT_VERSION) !== TXT_VERSION) return undefined;
  const get = (field: keyof typeof KEYS): string => values.get(KEYS[field]) ?? "";
  const found: Announcement = {
    clusterID: get("clusterID"),
    clusterName: get("clusterName"),
    version: get("version"),
    endpoint: get("endpoint") || endpoint,
    pin: get("pin"),
  };
  return isSound(found) ? found : undefined;
};

export const sameAnnouncement = (a: Announcement, b: Announcement): boolean =>
  (Object.keys(KEYS) as (keyof typeof KEYS)[]).every((field) => a[field] === b[field]);

/** Names of DNS-SD (RFC 6763, sections 4 and 9). */

/** Service type under which clusters are announced. */
export const SERVICE_TYPE = "_tideway._tcp";
/** Asked by who wants to know which services there are at all (RFC 6763, section 9). */
const META_TYPE = "_services._dns-sd._udp";
/** Domain of multicast DNS (RFC 6762, section 3). */
export const LOCAL = "local";
/** Longest label of a DNS name, in bytes. */
const MAX_LABEL = 63;

export const serviceName = (domain: string): string => `${SERVICE_TYPE}.${domain}`;
export const metaName = (domain: string): string => `${META_TYPE}.${domain}`;
export const instanceName = (instance: string, domain: string): string =>
  `${instance}.${serviceName(domain)}`;

/** DNS names are compared without regard to case (of ASCII), and with or without the last dot. */
export const foldName = (name: string): string => name.toLowerCase().replace(/\.$/, "");
export const sameName = (a: string, b: string): boolean => foldName(a) === foldName(b);

/**
 * The first label of an instance of our service in `domain`, folded; undefined for any other name, and for a label
 * that has a dot, which this code's packets cannot tell from two labels.
 */
export const instanceOf = (name: string, domain: string): string | undefined => {
  const tail = `.${serviceName(domain)}`;
  const folded = foldName(name);
  if (!folded.endsWith(tail)) return undefined;
  const label = folded.slice(0, -tail.length);
  return label === "" || label.includes(".") || Buffer.byteLength(label) > MAX_LABEL ? undefined : label;
};

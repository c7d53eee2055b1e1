/**
 * Version of what clusters say to each other, `major.minor`. A minor version adds, so clusters one minor version apart
 * speak with each other in the older one's words; anything else is refused.
 */
export const PROTOCOL_VERSION = "0.2";

/** What a cluster speaks that says nothing of versions: the first release did not. */
export const UNVERSIONED = "0.1";

/** Requests may ask for offers of node pools, and ShadowPods name theirs. */
export const POOLS_CAPABILITY = "pools";

/** An identity may be a token in place of a certificate for the API server. */
export const TOKENS_CAPABILITY = "tokens";

/** What a cluster understands beyond the words of its version, so that others may rely on it. */
export const CAPABILITIES: readonly string[] = [POOLS_CAPABILITY, TOKENS_CAPABILITY];

const parse = (version: string): { major: number; minor: number } | undefined => {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(version) ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
};

/** Same major version, at most one minor version apart. What is no version is compatible with nothing. */
export const isCompatible = (theirs: string, ours: string = PROTOCOL_VERSION): boolean => {
  const [a, b] = [parse(theirs), parse(ours)];
  return a !== undefined && b !== undefined && a.major === b.major && Math.abs(a.minor - b.minor) <= 1;
};

/** Both versions, and what to do about it. `who`: "cluster east". */
export const incompatibility = (who: string, theirs: string, ours: string = PROTOCOL_VERSION): string => {
  const [a, b] = [parse(theirs), parse(ours)];
  const weAreOlder = a && b && (b.major - a.major || b.minor - a.minor) < 0;
  const next = weAreOlder ? "upgrade Tideway here" : `upgrade Tideway of ${who}`;
  return `${who} speaks version ${theirs.slice(0, 16)} of the protocol and this cluster ${ours}: at most one minor version apart is spoken; ${next}`;
};

import { BY_AUTH, BY_DISCOVERY, type ForeignCluster, FOUND, foundOf, MADE_BY } from "@tideway/api";

const DEFAULT_TIMEOUT_SECONDS = 30;
/** Labels and annotations that services put on a ForeignCluster by themselves. */
const OWN_PREFIXES = ["discovery.tideway.dev/", "tideway.dev/", MADE_BY];

const isByService = (key: string): boolean => OWN_PREFIXES.some((p) => key.startsWith(p));

/**
 * Discovery made this ForeignCluster, or auth took it over with a key that was proven, and nobody has changed anything:
 * it may be withdrawn as it was made. A label of a person is a change too.
 */
export const isOurs = (fc: Readonly<ForeignCluster>): boolean => {
  const { metadata, spec } = fc;
  const madeBy = metadata.labels?.[MADE_BY];
  const found = foundOf(fc);
  const asAnnounced = found.some((f) => spec.pins.length === 1 && spec.pins[0] === f.pin);
  return (
    metadata.annotations?.[FOUND] !== undefined &&
    (madeBy === BY_AUTH || (madeBy === BY_DISCOVERY && asAnnounced)) &&
    Object.keys(metadata.labels ?? {}).every(isByService) &&
    spec.outgoingPeering === "Auto" &&
    (spec.incomingPeering ?? "Auto") === "Auto" &&
    spec.tokenSecretRef === undefined &&
    (spec.unpeerTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) === DEFAULT_TIMEOUT_SECONDS
  );
};

/** Nothing but an announcement speaks for its address and pins. */
export const isOnlyAnnounced = (fc: Readonly<ForeignCluster>): boolean =>
  isOurs(fc) && fc.metadata.labels?.[MADE_BY] === BY_DISCOVERY;

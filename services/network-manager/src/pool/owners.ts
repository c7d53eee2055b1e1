/** The words that stand in an AddressPool for who has what. */
const PEER = "peer/";
const MAP = "map/";

export const podsOwner = (id: string): string => `${PEER}${id}/pods`;
export const externalOwner = (id: string): string => `${PEER}${id}/external`;
export const isOfPeer =
  (id: string) =>
  (owner: string): boolean =>
    owner.startsWith(`${PEER}${id}/`);

export const mapOwner = (peer: string, namespace: string): string => `${MAP}${peer}/${namespace}`;
export const isMapOfPeer =
  (id: string) =>
  (m: { owner: string }): boolean =>
    m.owner.startsWith(`${MAP}${id}/`);

/** Whom a mapping is for; undefined for an address that was taken for itself. */
export const parseMapOwner = (owner: string): { peer: string; namespace: string } | undefined => {
  const [kind, peer, namespace, ...more] = owner.split("/");
  return `${kind}/` === MAP && peer && namespace && more.length === 0 ? { peer, namespace } : undefined;
};

/** Owners that only this service itself may use. */
export const isOurs = (owner: string): boolean => owner.startsWith(PEER) || owner.startsWith(MAP);

/** The messages of protos/ipam/v1/ipam.proto, every field present. */
export interface AcquirePrefixRequest {
  /** Who takes it; the same owner gets the same answer. */
  owner: string;
  /** CIDR notation; empty: any. */
  wanted: string;
  /** Where `wanted` is not free; 0: the length of `wanted`. */
  length: number;
}
export interface AcquirePrefixResponse {
  prefix: string;
}
export interface OwnerRequest {
  owner: string;
}
export interface Empty {}
export interface AcquireAddressResponse {
  address: string;
}
export interface MapAddressRequest {
  /** As this cluster sees it. */
  address: string;
  /** Cluster ID of the peer that is to reach it. */
  peer: string;
  /** Namespace here whose offloaded pods are to reach it. */
  namespace: string;
}
export interface MapAddressResponse {
  /** Of this cluster's external CIDR, untranslated. */
  external: string;
}

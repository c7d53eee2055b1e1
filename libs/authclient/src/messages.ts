/** The messages of protos/auth/v1/auth.proto, every field present. */
export interface DescribeRequest {}
export interface DescribeResponse {
  clusterId: string;
  clusterName: string;
  timeMs: number;
  protocolVersion: string;
  capabilities: string[];
}
export interface Proof {
  publicKey: Uint8Array;
  payload: Uint8Array;
  signature: Uint8Array;
}
export interface AuthenticateRequest {
  token: string;
  clusterId: string;
  clusterName: string;
  csr: Uint8Array;
  authEndpoint: string;
  pins: string[];
  proof: Proof | undefined;
}
export interface AuthenticateResponse {
  certificate: string;
  ca: string;
  apiServer: string;
  tenantNamespace: string;
  clusterId: string;
  clusterName: string;
  notBefore: string;
  notAfter: string;
  tenantUid: string;
  /** Empty: the certificate is for the API server too. */
  token: string;
}
export interface Signed {
  certificate: string;
  payload: Uint8Array;
  signature: Uint8Array;
}
export interface ReleaseResponse {
  released: boolean;
}
export interface CheckPeeringRequest {
  clusterId: string;
}
export const PEERING = { UNKNOWN: 0, WANTED: 1, NOT_WANTED: 2 } as const;
export type Peering = keyof typeof PEERING;
export interface CheckPeeringResponse {
  state: number;
}

import { createHash } from "node:crypto";
import { type KeyPair, type Purpose, signPayload, spkiOf, spkiPin } from "@tideway/pki";
import type { AuthenticateRequest, Signed } from "./messages.ts";

/** What a proof says in its body: the certificate request it was made for. */
export const proofBody = (csr: Uint8Array): string => createHash("sha256").update(csr).digest("base64");

export interface Applicant {
  token: string;
  clusterID: string;
  clusterName: string;
  csr: Uint8Array;
  /** host:port of the caller's own auth service, "" when it has none. */
  authEndpoint: string;
  /** The caller's long-lived key: the one of its own auth service's certificate. */
  keys: KeyPair;
  /** Pin of the server that is called. */
  audience: string;
  nowMs: number;
}

/** A request to become a tenant, with the proof that the caller holds its cluster's key. */
export const authenticateRequest = (a: Applicant): AuthenticateRequest => {
  const claims = {
    purpose: "authenticate",
    audience: a.audience,
    clusterID: a.clusterID,
    tenant: "",
    body: proofBody(a.csr),
  } as const;
  return {
    token: a.token,
    clusterId: a.clusterID,
    clusterName: a.clusterName,
    csr: a.csr,
    authEndpoint: a.authEndpoint,
    pins: [spkiPin(a.keys.publicKey)],
    proof: { publicKey: spkiOf(a.keys.publicKey), ...signPayload(claims, a.keys.privateKey, a.nowMs) },
  };
};

export interface Holder {
  purpose: Exclude<Purpose, "authenticate">;
  clusterID: string;
  /** UID of the Tenant, as it was answered at the authentication. */
  tenant: string;
  /** PEM of the current certificate, and its key. */
  certificate: string;
  keys: KeyPair;
  audience: string;
  /** Of a renewal: the new certificate request. */
  csr?: Uint8Array;
  nowMs: number;
}

/** A call in the name of a tenant, signed with its current certificate. */
export const signedRequest = (h: Holder): Signed => {
  const body = h.csr ? Buffer.from(h.csr).toString("base64") : "";
  const claims = { purpose: h.purpose, audience: h.audience, clusterID: h.clusterID, tenant: h.tenant, body };
  return { certificate: h.certificate, ...signPayload(claims, h.keys.privateKey, h.nowMs) };
};

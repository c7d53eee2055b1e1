import type { Tenant } from "@tideway/api";
import type { CheckedCsr } from "@tideway/pki";
import type { Sign } from "./sign.ts";

/** What a peer shows: the certificate to this service, and to the API server as well where there is no token. */
export interface Credentials {
  certificate: string;
  token?: string;
}

/** Where a tenant stands, once it does. */
export interface Standing {
  tenant: Tenant;
  namespace: string;
}

/** Makes the credentials of a tenant. `standing` may still be under way. */
export type Issue = (csr: CheckedCsr, standing: Promise<Standing>) => Promise<Credentials>;

/** The usual way: a certificate that the API server takes, made beside the tenancy. */
export const byCertificate =
  (sign: Sign): Issue =>
  async (csr) => ({ certificate: await sign(csr) });

/**
 * Identities of an API server that signs no client certificates: a ServiceAccount a tenant, in its namespace, and tokens
 * of it (TokenRequest, KEP-1205). The token dies with the account, so that is what a revocation deletes.
 */
import { BY_AUTH, MADE_BY, ORIGIN, PEER } from "@tideway/api";
import { isAlreadyExists, TidewayError } from "@tideway/errors";
import { errorIn, type Kube, serviceAccounts } from "@tideway/k8s";
import { accountOf, type KeyPair, peerCertificate } from "@tideway/pki";
import type { X509Certificate } from "node:crypto";
import type { Clock } from "../ports.ts";
import type { Issue, Standing } from "./issue.ts";

export interface TokenDeps {
  kube: Kube;
  clock: Clock;
  /** This cluster's long-lived key and its certificate: they sign what proves a caller of this service. */
  by: { certificate: X509Certificate; keys: KeyPair };
  expirationSeconds: number;
}

/** The certificate is good from a little before now: the consumer's clock may be behind. */
const EARLY_MS = 60_000;

const ensureAccount = async (kube: Kube, { tenant, namespace }: Standing): Promise<string> => {
  const { clusterID } = tenant.spec;
  const name = accountOf(clusterID);
  const labels = { [MADE_BY]: BY_AUTH, [ORIGIN]: clusterID, [PEER]: tenant.metadata.name };
  try {
    await kube.create(serviceAccounts, {
      metadata: { name, namespace, labels },
      automountServiceAccountToken: false,
    });
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
  }
  return name;
};

const tokenOf = async (
  kube: Kube,
  namespace: string,
  account: string,
  expirationSeconds: number,
): Promise<{ token: string; expiresAt: Date }> => {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const answer = await kube.request({
    method: "POST",
    path,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds },
    }),
  });
  if (answer.status >= 300) throw errorIn(answer.status, await answer.body.text(), `POST ${path}`);
  const said = (await answer.body.json()) as { status?: { token?: string; expirationTimestamp?: string } };
  const { token, expirationTimestamp } = said.status ?? {};
  if (!token || !expirationTimestamp) throw new TidewayError(`POST ${path} answered no token`);
  return { token, expiresAt: new Date(expirationTimestamp) };
};

/** A token after the tenancy, and a certificate that ends with it, so that both are renewed together. */
export const byToken =
  ({ kube, clock, by, expirationSeconds }: TokenDeps): Issue =>
  async ({ clusterID, publicKey }, standing) => {
    const at = await standing;
    const account = await ensureAccount(kube, at);
    const { token, expiresAt } = await tokenOf(kube, at.namespace, account, expirationSeconds);
    const notBefore = new Date(clock.now() - EARLY_MS);
    return {
      token,
      certificate: peerCertificate({ clusterID, publicKey, by, notBefore, notAfter: expiresAt }),
    };
  };

/** Ends every token of the tenant. */
export const dropAccount = (kube: Kube, namespace: string, clusterID: string): Promise<void> =>
  kube.delete(serviceAccounts, accountOf(clusterID), namespace);

import { randomBytes } from "node:crypto";
import { PEERS_GROUP, type CheckedCsr } from "@tideway/pki";
import { TidewayError, TimeoutError } from "@tideway/errors";
import {
  type CertificateSigningRequest,
  certificateSigningRequests,
  type Informer,
  type Kube,
} from "@tideway/k8s";
import { BY_AUTH, MADE_BY, ORIGIN } from "@tideway/api";

export const SIGNER = "kubernetes.io/kube-apiserver-client";
export interface SignerDeps {
  kube: Kube;
  /** Of the requests that this service made, always open: the certificate comes without a new connection. */
  requests: Informer<CertificateSigningRequest>;
  expirationSeconds: number;
  /** Default 8,000 ms: less than a consumer waits for its answer, so that it learns why there is none. */
  timeoutMs?: number;
}
export type Sign = (csr: CheckedCsr) => Promise<string>;

const manifest = (csr: CheckedCsr, expirationSeconds: number): CertificateSigningRequest => ({
  metadata: {
    name: `tideway-${csr.clusterID.slice(0, 36)}-${randomBytes(6).toString("hex")}`.toLowerCase(),
    labels: { [MADE_BY]: BY_AUTH, [ORIGIN]: csr.clusterID },
  },
  spec: {
    request: Buffer.from(csr.pem).toString("base64"),
    signerName: SIGNER,
    expirationSeconds,
    usages: ["digital signature", "client auth"],
  },
});

/** The certificate, an error when the signer refuses, undefined when it has not answered. */
const outcome = (r: CertificateSigningRequest | undefined): string | undefined => {
  const refused = r?.status?.conditions?.find((c) => c.type === "Denied" || c.type === "Failed");
  if (refused)
    throw new TidewayError(
      `the cluster's signer refused the request: ${refused.reason ?? refused.type} ${refused.message ?? ""}`,
    );
  return r?.status?.certificate ? Buffer.from(r.status.certificate, "base64").toString("utf8") : undefined;
};

/**
 * A certificate by the Kubernetes CSR API: create, approve, wait for the signer, delete. The key usages are fixed
 * and the subject was checked, so the signer can only make a client certificate of that one name.
 */
export const createSigner = ({ kube, requests, expirationSeconds, timeoutMs = 8_000 }: SignerDeps): Sign => {
  const wait = (name: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        clearInterval(fallback);
        stop();
        act();
      };
      const look = (r: CertificateSigningRequest | undefined): void => {
        try {
          const certificate = outcome(r);
          if (certificate) finish(() => resolve(certificate));
        } catch (err) {
          finish(() => reject(err));
        }
      };
      const timer = setTimeout(
        () =>
          finish(() =>
            reject(
              new TimeoutError(
                `the cluster's signer ${SIGNER} gave no certificate within ${timeoutMs} ms; is the controller-manager running?`,
              ),
            ),
          ),
        timeoutMs,
      );
      // The watch may be between two connections: look by hand once a second.
      const fallback = setInterval(
        () => void kube.find(certificateSigningRequests, name).then(look, () => undefined),
        1000,
      );
      const stop = requests.onChange((key, r) => {
        if (key === name && r) queueMicrotask(() => look(r));
      });
    });

  return async (csr) => {
    const made = await kube.create(certificateSigningRequests, manifest(csr, expirationSeconds));
    const { name } = made.metadata;
    try {
      const certificate = wait(name);
      certificate.catch(() => undefined); // awaited below, after the approval
      const now = new Date().toISOString();
      const approval = {
        type: "Approved",
        status: "True",
        reason: "TidewayPeer",
        message: `token and subject checked; group ${PEERS_GROUP}`,
        lastUpdateTime: now,
        lastTransitionTime: now,
      };
      await kube.replace(
        certificateSigningRequests,
        { ...made, status: { conditions: [approval] } },
        { subresource: "approval" },
      );
      return await certificate;
    } finally {
      // Off the caller's path; what is left after a crash is swept, and Kubernetes drops it within the hour.
      void kube.delete(certificateSigningRequests, name).catch(() => undefined);
    }
  };
};

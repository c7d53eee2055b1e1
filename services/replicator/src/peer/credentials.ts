import { InvalidError } from "@tideway/errors";
import type { Credentials, Secret } from "@tideway/k8s";

export interface PeerCredentials extends Credentials {
  namespace: string;
}

const FIELDS = ["server", "ca.crt", "tls.crt", "tls.key", "namespace"] as const;

/** What auth put into the identity Secret: where the peer's API server is and who we are there. */
export const credentialsOf = (secret: Secret): PeerCredentials => {
  const { name, namespace } = secret.metadata;
  const read = (field: (typeof FIELDS)[number] | "token"): string =>
    Buffer.from(secret.data?.[field] ?? "", "base64")
      .toString("utf8")
      .trim();
  const missing = FIELDS.filter((f) => read(f) === "");
  if (missing.length > 0) throw new InvalidError(`Secret ${namespace}/${name} lacks ${missing.join(", ")}`);
  const token = read("token");
  return {
    server: read("server"),
    ca: read("ca.crt"),
    // where the peer's API server signs no certificates, ours there is for its auth service alone
    ...(token ? { token: () => token } : { cert: read("tls.crt"), key: read("tls.key") }),
    namespace: read("namespace"),
  };
};

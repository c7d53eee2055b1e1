import { InvalidError } from "@tideway/errors";
import type { Credentials, Secret } from "@tideway/k8s";

/** The identity that auth keeps: keys server, ca.crt, and token, or else tls.crt and tls.key. */
export const credentialsOf = (secret: Readonly<Secret>): Credentials => {
  const text = (key: string): string | undefined => {
    const value = secret.data?.[key];
    return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8");
  };
  const where = `secret ${secret.metadata.namespace ?? ""}/${secret.metadata.name}`;
  const need = (key: string): string => {
    const value = text(key);
    if (!value) throw new InvalidError(`${where}: key ${key} is missing`);
    return value;
  };
  const ca = text("ca.crt");
  const token = text("token");
  return {
    server: need("server").trim(),
    ...(token ? { token: () => token } : { cert: need("tls.crt"), key: need("tls.key") }),
    ...(ca ? { ca } : {}),
  };
};

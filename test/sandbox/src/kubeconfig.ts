import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface KubeconfigInput {
  cluster: string;
  server: string;
  pki: string;
  /** Name of the client certificate in the PKI directory. */
  user: string;
}

const base64 = (file: string): string => readFileSync(file).toString("base64");

/** JSON, which is YAML as well. Certificates are inside: the file works wherever it is copied. */
export function renderKubeconfig(o: KubeconfigInput): string {
  const { cluster, server, pki, user } = o;
  return JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name: cluster, cluster: { server, "certificate-authority-data": base64(join(pki, "ca.crt")) } },
      ],
      users: [
        {
          name: user,
          user: {
            "client-certificate-data": base64(join(pki, `${user}.crt`)),
            "client-key-data": base64(join(pki, `${user}.key`)),
          },
        },
      ],
      contexts: [{ name: cluster, context: { cluster, user } }],
      "current-context": cluster,
    },
    null,
    2,
  );
}

export function writeKubeconfig(file: string, o: KubeconfigInput): void {
  writeFileSync(`${file}.new`, renderKubeconfig(o), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

import type { Permissions } from "./permissions.ts";

export interface User {
  name: string;
  /** Public key; the seed stays in the user's Secret. */
  nkey: string;
  permissions: Permissions;
}

const list = (subjects: string[]): string => `[${subjects.map((s) => JSON.stringify(s)).join(", ")}]`;

/** Included by nats.conf. */
export const usersConfig = (users: User[]): string =>
  `# Made by hack/bus-credentials.ts.
authorization {
  users: [
${users
  .map(
    ({ name, nkey, permissions }) => `    # ${name}
    { nkey: ${nkey}, permissions: {
      publish: ${list(permissions.publish)}
      subscribe: ${list(permissions.subscribe)}
    } }`,
  )
  .join("\n")}
  ]
}
`;

/** The agents of the data path live apart from the other services, and a Secret can be mounted only where it is. */
const IN_NETWORK = ["gateway", "mdns-agent", "route-agent"];

const secret = (name: string, files: string[], namespace = "tideway-system"): string =>
  `  - name: ${name}\n    namespace: ${namespace}\n    files:\n${files.map((f) => `      - ${f}`).join("\n")}`;
const userSecret = ({ name }: User): string =>
  secret(
    `bus-user-${name}`,
    [`seed=seeds/${name}`, "ca.crt"],
    IN_NETWORK.includes(name) ? "tideway-network" : undefined,
  );

export const kustomization = (users: User[]): string =>
  `# Made by hack/bus-credentials.ts: the credentials of one cluster's bus. Add this folder to an overlay's resources.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
generatorOptions:
  disableNameSuffixHash: true
  labels:
    app.kubernetes.io/part-of: tideway
secretGenerator:
${[
  secret("bus-config", ["users.conf"]),
  secret("bus-tls", ["tls.crt", "tls.key", "ca.crt"]),
  ...users.map(userSecret),
].join("\n")}
`;

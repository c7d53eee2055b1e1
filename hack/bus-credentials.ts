/**
 * Makes the credentials of the bus of one cluster: a CA and a server certificate, one NKey user a service with
 * publish and subscribe permissions by subject, and a read-only user. Writes them as a kustomization to DIR: Secrets,
 * each in the namespace of the service that mounts it.
 *
 *   node hack/bus-credentials.ts --out DIR
 *
 * What exists in DIR is kept, so that running it again only adds what is missing (a new service's user, or the
 * server certificate after `rm DIR/tls.*`). Keep DIR secret: it holds private keys; do not commit it.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createUser, fromSeed } from "@nats-io/nkeys";
import { issueCa, issueServer } from "./bus/certificates.ts";
import { kustomization, usersConfig, type User } from "./bus/files.ts";
import { permissionsOf, publishers, READER, readerPermissions } from "./bus/permissions.ts";

const { values } = parseArgs({ options: { out: { type: "string" } } });
if (!values.out) {
  console.error("usage: node hack/bus-credentials.ts --out DIR");
  process.exit(2);
}
const out = values.out;
mkdirSync(join(out, "seeds"), { recursive: true, mode: 0o700 });
chmodSync(out, 0o700);

const path = (name: string): string => join(out, name);
const read = (name: string): string => readFileSync(path(name), "utf8");
const write = (name: string, text: string): void => writeFileSync(path(name), text, { mode: 0o600 });
/** Never overwrites: whoever holds the old one would be locked out. */
const keep = (name: string, make: () => string): string => {
  if (!existsSync(path(name))) write(name, make());
  return read(name);
};

if (!existsSync(path("ca.key"))) {
  if (existsSync(path("ca.crt"))) throw new Error(`${path("ca.key")} is missing, but its ca.crt is in use`);
  const ca = await issueCa();
  write("ca.crt", ca.certificate);
  write("ca.key", ca.key);
}
if (!existsSync(path("tls.crt")) || !existsSync(path("tls.key"))) {
  const server = await issueServer({ certificate: read("ca.crt"), key: read("ca.key") });
  write("tls.crt", server.certificate);
  write("tls.key", server.key);
}

const user = (name: string, permissions: User["permissions"]): User => {
  const seed = keep(`seeds/${name}`, () => new TextDecoder().decode(createUser().getSeed()));
  return { name, nkey: fromSeed(new TextEncoder().encode(seed.trim())).getPublicKey(), permissions };
};
const users = [
  ...Object.entries(publishers()).map(([service, entities]) =>
    user(service, permissionsOf(service, entities)),
  ),
  user(READER, readerPermissions()),
];
write("users.conf", usersConfig(users));
write("kustomization.yaml", kustomization(users));
console.log(`${users.length} users of the bus in ${out}: ${users.map((u) => u.name).join(", ")}`);

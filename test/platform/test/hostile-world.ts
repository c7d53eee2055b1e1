/** A cluster with the rights, policies and flow control that ship, two tenants with the certificates that auth would sign, and the API server's own audit. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createKube,
  type Credentials,
  fromKubeconfig,
  type Kube,
  namespaces,
  type RawRequest,
  roleBindings,
  secrets,
} from "@tideway/k8s";
import { type ApiServer, makeAuthority, makeCertificate, startApiServer, until } from "@tideway/sandbox";
import { checkout } from "../src/deploy.ts";
import { render } from "../src/rendered.ts";

export const EAST = "11111111-1111-1111-1111-111111111111";
export const NORTH = "33333333-3333-3333-3333-333333333333";
/** Namespaces by what they are to east. */
export const PLACES = {
  tenant: "tideway-tenant-east",
  twin: "tideway-east--shop",
  "other-tenant": "tideway-tenant-north",
  other: "tideway-north--shop",
  /** Where this cluster keeps what it asks of a third one. */
  own: "tideway-peer-west",
  system: "tideway-system",
} as const;

const SHIPPED = new Set([
  "Namespace",
  "ServiceAccount",
  "ClusterRole",
  "ClusterRoleBinding",
  "Role",
  "RoleBinding",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "PriorityLevelConfiguration",
  "FlowSchema",
]);

export interface Ask {
  method: RawRequest["method"];
  /** `:tenant`, `:twin` and so on stand for PLACES. */
  path: string;
  body?: object | string;
  headers?: Record<string, string>;
}
export interface Answer {
  status: number;
  /** The API server's name for the request; its audit has it too. */
  auditID: string;
  flowSchema: string | undefined;
  text: string;
}
export interface AuditEvent {
  auditID: string;
  verb: string;
  requestURI: string;
  user: { username?: string };
  impersonatedUser?: { username?: string };
  responseStatus?: { code?: number };
}

const real = (path: string): string =>
  path.replaceAll(/:([a-z-]+)/g, (all, name: string) => PLACES[name as keyof typeof PLACES] ?? all);

const header = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

export const ask = async (kube: Kube, { method, path, body, headers }: Ask): Promise<Answer> => {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const answer = await kube.request({
    method,
    path: real(path),
    headers: { "content-type": type, ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return {
    status: answer.status,
    auditID: header(answer.headers["audit-id"]) ?? "",
    flowSchema: header(answer.headers["x-kubernetes-pf-flowschema-uid"]),
    text: await answer.body.text(),
  };
};

const install = async (server: ApiServer): Promise<void> => {
  await server.applyCrds(join(checkout, "deploy/base/crds"));
  const items = (await render("deploy/base")).all.filter((m) => SHIPPED.has(m.kind));
  const dir = mkdtempSync(join(tmpdir(), "tideway-hostile-"));
  try {
    writeFileSync(join(dir, "all.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await server.kubectl("apply", "-f", join(dir, "all.json"));
  } finally {
    rmSync(dir, { recursive: true });
  }
};

const bind = (kube: Kube, namespace: string, role: string, id: string): Promise<unknown> =>
  kube.create(roleBindings, {
    metadata: { name: role, namespace },
    roleRef: { kind: "ClusterRole", apiGroup: "rbac.authorization.k8s.io", name: role },
    subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: `tideway:${id}` }],
  });

/** Everything that stands, with its version: what an attack may not change. */
const stateOf = async (server: ApiServer): Promise<string[]> => {
  const kinds = (await server.kubectl("api-resources", "--verbs=list", "-o", "name"))
    .trim()
    .split("\n")
    .filter((k) => !/^(events|leases|flowschemas|prioritylevelconfigurations|apiservices)/.test(k));
  const line =
    "{.kind}/{.metadata.namespace}/{.metadata.name}/{.metadata.uid}/{.metadata.resourceVersion}/{.metadata.deletionTimestamp}";
  const listed = await server.kubectl(
    "get",
    kinds.join(","),
    "-A",
    "--ignore-not-found",
    "-o",
    `jsonpath={range .items[*]}${line}{"\\n"}{end}`,
  );
  return [...new Set(listed.trim().split("\n"))].sort();
};

export type HostileWorld = Awaited<ReturnType<typeof startHostileWorld>>;

export const startHostileWorld = async () => {
  const server = await startApiServer({
    name: "hostile",
    auditPolicy: join(checkout, "deploy/audit-policy.yaml"),
  });
  const admin = fromKubeconfig(server.kubeconfig);
  const kubes: Kube[] = [];
  const as = (c: Omit<Credentials, "server" | "ca">): Kube => {
    const kube = createKube({ server: server.url, ca: admin.ca ?? "", ...c }, { userAgent: "hostile" });
    kubes.push(kube);
    return kube;
  };
  const pem = (dir: string, name: string): Pick<Credentials, "cert" | "key"> => ({
    cert: readFileSync(join(dir, `${name}.crt`), "utf8"),
    key: readFileSync(join(dir, `${name}.key`), "utf8"),
  });
  const peer = async (name: string, id: string, pki = server.pki): Promise<Kube> => {
    await makeCertificate(pki, { name, commonName: `tideway:${id}`, organisation: "tideway:peers" });
    return as(pem(pki, name));
  };
  await install(server);
  const kube = as({ cert: admin.cert ?? "", key: admin.key ?? "" });
  for (const name of Object.values(PLACES))
    if (name !== PLACES.system) await kube.create(namespaces, { metadata: { name } });
  for (const [id, tenant, twin] of [
    [EAST, PLACES.tenant, PLACES.twin],
    [NORTH, PLACES["other-tenant"], PLACES.other],
  ] as const) {
    await bind(kube, tenant, "tideway-peer", id);
    await bind(kube, twin, "tideway-peer-workload", id);
  }
  for (const [namespace, name] of [
    [PLACES.system, "auth-tls"],
    [PLACES.own, "tideway-identity"],
    [PLACES.other, "password"],
  ] as const)
    await kube.create(secrets, { metadata: { name, namespace }, data: { key: "c2VjcmV0" } });
  const forged = mkdtempSync(join(tmpdir(), "tideway-forged-"));
  await makeAuthority(forged, "ca", "hostile-ca");

  const east = await peer("east", EAST);
  return {
    server,
    kube,
    east,
    /** For a process that acts as east. */
    eastCredentials: { server: server.url, ca: admin.ca ?? "", ...pem(server.pki, "east") },
    north: await peer("north", NORTH),
    /** East's name, in a certificate of an authority that east made itself. */
    forger: await peer("forger", EAST, forged),
    /** Who shows no certificate. */
    nobody: as({}),
    state: () => stateOf(server),
    /** The records of these requests, when all of them are there. */
    records: (ids: readonly string[]): Promise<Map<string, AuditEvent>> =>
      until(
        () => {
          const lines = readFileSync(server.auditLog, "utf8").trimEnd().split("\n");
          const all = lines.map((l) => JSON.parse(l) as AuditEvent).map((e) => [e.auditID, e] as const);
          const found = new Map(all);
          return Promise.resolve(ids.every((id) => found.has(id)) && found);
        },
        { what: `${ids.length} records in the API server's audit` },
      ),
    stop: async () => {
      await Promise.all(kubes.map((k) => k.close()));
      rmSync(forged, { recursive: true });
      await server.stop();
    },
  };
};

import { beforeAll, describe, expect, it } from "vitest";
import { placeOf, type ServiceName, services } from "../src/deploy.ts";
import { COMMON, EXCEPTIONS, OWN_GROUP, TOKEN_IDENTITY, WILDCARDS } from "../src/rbac-table.ts";
import { type Grant, grantsOf, type PolicyRule, render, type Rendered } from "../src/rendered.ts";

let base: Rendered;
beforeAll(async () => {
  base = await render("deploy/base");
}, 900_000);

const READS = new Set(["get", "list", "watch"]);
const writes = (g: Grant): string[] => g.verbs.filter((v) => !READS.has(v));
const plain = (group: string, resource: string): string => (group === "" ? resource : `${resource}.${group}`);
const kinds = (g: Grant): { group: string; name: string }[] =>
  (g.apiGroups ?? []).flatMap((group) =>
    (g.resources ?? []).map((resource) => ({ group, name: plain(group, resource) })),
  );
/** `<verb> <kind>`, or one `<verb> <kind>=<name>` for each name. */
const lines = (verbs: string[], kind: string, names: string[] | undefined): string[] =>
  verbs.flatMap((verb) => names?.map((name) => `${verb} ${kind}=${name}`) ?? [`${verb} ${kind}`]);
const writesOf = (g: Grant): string[] =>
  kinds(g).flatMap(({ name }) => lines(writes(g), name, g.resourceNames));

/** The tunnels' keys: one service makes them and takes them away; the gateway reads them by name. */
const holdsKeys = (service: ServiceName, namespace: string | undefined): boolean =>
  namespace === "tideway-network" && service === "network-manager";

describe.each([...services])("%s", (service) => {
  const grants = (): Grant[] => grantsOf(base, service);
  const exceptions = EXCEPTIONS[service];

  const table = exceptions.flatMap((e) => lines(e.verbs, e.what, e.names));

  it("writes its own API group, what all write, and what the table says, no more", () => {
    const own = (line: string): boolean => {
      const kind = line.split(" ")[1] ?? "";
      return (
        COMMON.includes(kind) || (OWN_GROUP[service] !== undefined && kind.endsWith(`.${OWN_GROUP[service]}`))
      );
    };
    const beyond = grants()
      .flatMap(writesOf)
      .filter((line) => !own(line) && !table.includes(line));
    expect(beyond).toEqual([]);
  });

  it("needs every line of the table: what is not granted any more is struck out", () => {
    const given = grants().flatMap(writesOf);
    expect(table.filter((line) => !given.includes(line))).toEqual([]);
  });

  it("keeps its Leases to namespaces by name, not the cluster at large", () => {
    expect(grants().filter((g) => g.resources?.includes("leases") && g.namespace === undefined)).toEqual([]);
  });

  it("reads no Secret of the cluster at large: only by name, or in a namespace of services", () => {
    const wide = grants().filter(
      (g) =>
        g.apiGroups?.includes("") &&
        g.resources?.some((r) => r === "secrets" || r === "*") &&
        g.resourceNames === undefined &&
        (g.namespace === undefined ||
          (g.verbs.some((v) => v === "list" || v === "watch") && !holdsKeys(service, g.namespace))),
    );
    expect(wide).toEqual([]);
  });

  it("touches of other concerns' resources nothing but ForeignClusters by name", () => {
    if (service === "replicator") return; // copies are its job
    const foreign = grants().flatMap((g) =>
      kinds(g)
        .filter(({ group }) => group.endsWith(".tideway.dev") && group !== OWN_GROUP[service])
        .filter(({ name }) => !name.startsWith("foreignclusters"))
        .map(({ name }) => `${g.verbs.join(",")} ${name}`),
    );
    expect(foreign).toEqual([]);
    const watched = grants().filter(
      (g) =>
        OWN_GROUP[service] !== "discovery.tideway.dev" &&
        g.resources?.includes("foreignclusters") &&
        g.verbs.some((v) => v === "list" || v === "watch"),
    );
    expect(watched).toEqual([]);
  });

  it("writes no status of a ForeignCluster but by patch: server-side apply under its own manager", () => {
    const other = grants()
      .filter((g) => g.resources?.includes("foreignclusters/status"))
      .flatMap(writes)
      .filter((verb) => verb !== "patch");
    expect(other).toEqual([]);
  });
});

it("auth gets by the component token-identity what the table says, no more, and a policy that bounds it", async () => {
  const component = await render("deploy/components/token-identity");
  expect(grantsOf(component, "auth").flatMap(writesOf).toSorted()).toEqual(
    TOKEN_IDENTITY.flatMap((e) => lines(e.verbs, e.what, e.names)).toSorted(),
  );
  expect(component.named("ValidatingAdmissionPolicy", "tideway-auth-tokens")).toBeDefined();
  expect(component.named("ValidatingAdmissionPolicyBinding", "tideway-auth-tokens")).toBeDefined();
});

it("has wildcards only in roles that the table explains, and binds those nowhere at large", () => {
  const wild = ["ClusterRole", "Role"]
    .flatMap((kind) => base.of<{ rules: PolicyRule[] }>(kind))
    .flatMap(({ metadata, rules }) => rules.map((rule) => ({ role: metadata.name, rule })))
    .filter(({ rule }) =>
      [rule.apiGroups, rule.resources, rule.verbs].some((list) => list?.some((x) => x.includes("*"))),
    );
  for (const { role, rule } of wild) expect(WILDCARDS[role]?.verbs, role).toEqual(rule.verbs);
  const bound = base
    .of<{ roleRef: { name: string } }>("ClusterRoleBinding")
    .filter((b) => b.roleRef.name in WILDCARDS);
  expect(bound).toEqual([]);
});

it("nobody else is bound to a role of this installation, but the services", () => {
  const subjects = ["ClusterRoleBinding", "RoleBinding"].flatMap((kind) =>
    base
      .of<{ subjects: { kind: string; name: string; namespace: string }[] }>(kind)
      .flatMap((b) => b.subjects),
  );
  const odd = subjects.filter(
    (s) =>
      s.kind !== "ServiceAccount" ||
      !services.some((name) => name === s.name && placeOf(name).namespace === s.namespace),
  );
  expect(odd).toEqual([]);
});

it("gives a peer no status, no offer, no quota, and no pod of its own making", () => {
  const rules = ["tideway-peer", "tideway-peer-workload"].flatMap(
    (name) => base.named<{ rules: Grant[] }>("ClusterRole", name)?.rules ?? [],
  );
  expect(rules.length).toBeGreaterThan(0);
  const written = rules.flatMap((g) => (writes(g).length > 0 ? kinds(g).map(({ name }) => name) : []));
  expect([...new Set(written)].sort()).toEqual([
    "configmaps",
    "ingresses.networking.k8s.io",
    "namespacemaps.offloading.tideway.dev",
    "networkconfigs.networking.tideway.dev",
    "pods/attach",
    "pods/exec",
    "pods/portforward",
    "resourcerequests.sharing.tideway.dev",
    "secrets",
    "services",
    "shadowclaims.offloading.tideway.dev",
    "shadowendpointslices.offloading.tideway.dev",
    "shadowpods.offloading.tideway.dev",
  ]);
});

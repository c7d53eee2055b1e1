/** What a peer may make in its twin namespaces: RBAC and admission policies as they ship, on a real API server. */
import { ORIGIN } from "@tideway/api";
import {
  configMaps,
  createKube,
  ingresses,
  type Kube,
  loadCredentials,
  namespaces,
  pathOf,
  services,
} from "@tideway/k8s";
import { roleBindings, type Resource } from "@tideway/k8s";
import { accountOf, userOf } from "@tideway/pki";
import { type ApiServer, startApiServer, until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespaceOf, roleBindingOf } from "../src/provider/namespaces/manifests.ts";

const EAST = "11111111-1111-1111-1111-111111111111";
const twin = { origin: EAST, peer: "east", source: "shop", name: "tideway-east--shop" };
let server: ApiServer;
let kube: Kube;
let n = 0;

const deploy = (path: string): string => new URL(`../../../deploy/base/${path}`, import.meta.url).pathname;

/** How the API server knows a peer: by its certificate, or by the account of its token. */
const byCertificate = { "impersonate-user": userOf(EAST), "impersonate-group": "tideway:peers" };
const byToken = { "impersonate-user": `system:serviceaccount:tideway-tenant-east:${accountOf(EAST)}` };
let identity: Record<string, string> = byCertificate;

/** As the peer: what the API server answers. */
const post = async (
  r: Resource,
  spec: object,
  metadata: { name?: string } & Record<string, unknown> = {},
  update = false,
): Promise<{ status: number; message: string }> => {
  const answer = await kube.request({
    method: update ? "PUT" : "POST",
    path: pathOf(r, twin.name, update ? metadata.name : undefined),
    headers: {
      "content-type": "application/json",
      ...identity,
    },
    body: JSON.stringify({
      apiVersion: r.group ? `${r.group}/${r.version}` : r.version,
      kind: r.kind,
      metadata: { name: `x-${++n}`, ...metadata },
      spec,
    }),
  });
  const { message = "" } = (await answer.body.json()) as { message?: string };
  return { status: answer.status, message };
};
const port = [{ name: "http", port: 80 }];
const service = (spec: object, metadata: Record<string, unknown> = {}) =>
  post(services, { ports: port, ...spec }, metadata);
const backend = { service: { name: "web", port: { number: 80 } } };
const ingress = (ingressClassName: string | undefined, annotations: object = {}) =>
  post(
    ingresses,
    {
      ...(ingressClassName ? { ingressClassName } : {}),
      rules: [{ host: "web.east.example" }],
      defaultBackend: backend,
    },
    { annotations },
  );
const claim = (spec: object) => post(ingresses, { ingressClassName: "public", ...spec });
const allow = async (classes: string, hosts: Record<string, string | null> = {}): Promise<void> => {
  await kube.patch(configMaps, "tideway-peer-ingress-classes", "tideway-system", {
    data: { classes, ...hosts },
  });
};

beforeAll(async () => {
  server = await startApiServer({ name: "peers" });
  await server.kubectl("create", "namespace", "tideway-system");
  await server.kubectl("apply", "--server-side", "-k", deploy("crds"));
  for (const file of ["rbac-provider.yaml", "ingress-classes.yaml", "admission-policy-peers.yaml"])
    await server.kubectl("apply", "-f", deploy(`virtual-kubelet/${file}`));
  kube = createKube(loadCredentials({ KUBECONFIG: server.kubeconfig }), { userAgent: "test" });
  await kube.create(namespaces, namespaceOf(twin, "baseline"));
  await kube.create(roleBindings, roleBindingOf(twin));
  await until(async () => (await service({ type: "NodePort" })).status === 422, {
    what: "policies in force",
  });
  await until(async () => (await ingress("other")).status === 422, { what: "policies in force" });
  await allow("", { hosts: "*" });
}, 120_000);
afterAll(async () => {
  await kube?.close();
  await server?.stop();
});

describe("a peer's Service", () => {
  it.each([
    ["with a selector", { selector: { app: "web" } }],
    ["headless", { clusterIP: "None" }],
    ["a name outside", { type: "ExternalName", externalName: "db.example.com", ports: undefined }],
    ["of one family", { ipFamilyPolicy: "SingleStack" }],
  ])("is made: %s", async (_what, spec) => expect(await service(spec)).toMatchObject({ status: 201 }));

  it.each<[string, object, string]>([
    ["of type NodePort", { type: "NodePort" }, "of type ClusterIP or ExternalName"],
    ["of type LoadBalancer", { type: "LoadBalancer" }, "of type ClusterIP or ExternalName"],
    ["with external addresses", { externalIPs: ["192.0.2.1"] }, "no externalIPs"],
    ...["web.prod.svc", "web.prod.svc.cluster.local", "localhost", "a.svc.", "x.cluster.local"].map(
      (externalName) =>
        [
          `that stands for ${externalName}`,
          { type: "ExternalName", externalName, ports: undefined },
          "names inside this cluster",
        ] as [string, object, string],
    ),
  ])("is refused: %s", async (_what, spec, why) => {
    const answer = await service(spec);
    expect(answer.message).toContain(why);
    expect(answer.status).toBe(422);
  });

  it("is refused: with an address of its choice", async () => {
    const given = await kube.get(services, "kubernetes", "default");
    const free = (given.spec?.clusterIP ?? "").replace(/\d+$/, "77");
    expect((await service({ clusterIP: free })).message).toContain("does not choose the address");
    expect((await service({ clusterIP: free, clusterIPs: [free] })).status).toBe(422);
    // which is free: the owner gets it
    const spec = { clusterIP: free, ports: port };
    await kube.create(services, { metadata: { name: "chosen", namespace: twin.name }, spec });
    await kube.delete(services, "chosen", twin.name);
  });

  it("is refused: with an address of its choice when it becomes another type", async () => {
    const given = await kube.get(services, "kubernetes", "default");
    const free = (given.spec?.clusterIP ?? "").replace(/\d+$/, "78");
    const name = { name: "turns" };
    await post(services, { type: "ExternalName", externalName: "example.com" }, name);
    const turned = await post(services, { type: "ClusterIP", clusterIP: free, ports: port }, name, true);
    expect(turned.message).toContain("does not choose the address");
    expect((await post(services, { type: "ClusterIP", ports: port }, name, true)).status).toBe(200);
    expect(
      (await post(services, { type: "ClusterIP", selector: { a: "b" }, ports: port }, name, true)).status,
    ).toBe(200);
    expect((await post(services, { type: "NodePort", ports: port }, name, true)).status).toBe(422);
  });

  it("cannot hide the address it chooses by the record of managed fields", async () => {
    const given = await kube.get(services, "kubernetes", "default");
    const free = (given.spec?.clusterIP ?? "").replace(/\d+$/, "79");
    for (const managedFields of [
      [],
      [{}],
      [{ manager: "x", operation: "Update", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: {} }],
      [
        {
          manager: "x",
          operation: "Update",
          apiVersion: "nonsense/v9",
          fieldsType: "FieldsV1",
          fieldsV1: {},
        },
      ],
      [{ manager: "x", operation: "Wrong", apiVersion: "v1", fieldsType: "What" }],
    ])
      expect((await service({ clusterIP: free }, { managedFields })).status).not.toBe(201);
  });
});

describe("a peer's Ingress", () => {
  it("has only classes that the owner has opened", async () => {
    expect(await ingress(undefined)).toMatchObject({ status: 201 });
    expect((await ingress("public")).message).toContain("ingress class public is not open to peers");
    await allow("internal, public");
    await until(async () => (await ingress("public")).status === 201, { what: "class public open" });
    expect(await ingress("secret")).toMatchObject({ status: 422 });
    await allow("*");
    await until(async () => (await ingress("secret")).status === 201, { what: "every class open" });
  });

  describe("of an open class", () => {
    const rule = (host?: string): object => ({
      ...(host ? { host } : {}),
      http: { paths: [{ path: "/", pathType: "Prefix", backend }] },
    });
    const web = { rules: [rule("web.east.example")] };
    const opened = async (hosts: Record<string, string | null>, spec: object): Promise<unknown> => {
      await allow("public", hosts);
      return until(async () => (await claim(spec)).status === 201, {
        what: `hosts ${JSON.stringify(hosts)}`,
      });
    };
    afterAll(() => allow("*", { hosts: "*", "hosts.east": null }));

    it("claims only hosts that the owner has opened", async () => {
      await opened({ hosts: "shop.example, *.east.example" }, web);
      expect((await claim({ rules: [rule("shop.example")] })).status).toBe(201);
      expect((await claim({ rules: [rule("*.east.example")] })).status).toBe(201);
      for (const host of ["www.example", "x.shop.example", "east.example", "notaeast.example"])
        expect((await claim({ rules: [rule("web.east.example"), rule(host)] })).message).toContain(
          `host ${host} is not open to peer east`,
        );
      for (const entry of [{ hosts: ["www.example"] }, { hosts: [] }, { secretName: "x" }])
        expect((await claim({ ...web, tls: [entry] })).message).toContain("each certificate names its hosts");
      expect((await claim({ ...web, tls: [{ hosts: ["*.east.example"] }] })).status).toBe(201);
    });

    it("claims no traffic to all hosts, unless they are open", async () => {
      expect((await claim({ rules: [rule()] })).message).toContain("every host is not open to peer east");
      expect((await claim({ ...web, defaultBackend: backend })).message).toContain("every host is not open");
      await opened({ hosts: "*" }, { rules: [rule()] });
    });

    it("is held to the line for its peer where there is one", async () => {
      await opened({ hosts: "", "hosts.east": "*.east.example" }, web);
      await allow("public", { hosts: "*", "hosts.east": "" });
      await until(async () => (await claim(web)).status === 422, { what: "no host open to east" });
      await opened({ hosts: "*.east.example", "hosts.north": "", "hosts.east": null }, web);
    });

    it("claims none without a class: nobody serves it", async () => {
      await allow("public", { hosts: "" });
      await until(async () => (await claim(web)).status === 422, { what: "no host open" });
      expect((await post(ingresses, web)).status).toBe(201);
    });
  });

  it("brings no configuration of the controller", async () => {
    const key = "nginx.ingress.kubernetes.io/server-snippet";
    expect((await ingress(undefined, { [key]: "x" })).message).toContain("snippets");
    expect((await ingress(undefined, { "kubernetes.io/ingress.class": "x" })).status).toBe(422);
    expect((await ingress(undefined, { "nginx.ingress.kubernetes.io/rewrite-target": "/" })).status).toBe(
      201,
    );
  });
});

describe("a peer's identity", () => {
  const can = (...args: string[]): Promise<boolean> =>
    server.kubectl("auth", "can-i", ...args, "-n", twin.name, "--as", userOf(EAST)).then(
      () => true,
      () => false,
    );
  it("makes ShadowEndpointSlices, and no EndpointSlices, Endpoints or status", async () => {
    expect(await can("patch", "shadowendpointslices.offloading.tideway.dev")).toBe(true);
    expect(await can("patch", "shadowendpointslices.offloading.tideway.dev", "--subresource=status")).toBe(
      false,
    );
    for (const kind of ["endpointslices.discovery.k8s.io", "endpoints", "networkpolicies.networking.k8s.io"])
      expect(await can("create", kind), kind).toBe(false);
    expect(await can("update", "services", "--subresource=status")).toBe(false);
    expect(await can("update", "ingresses.networking.k8s.io", "--subresource=status")).toBe(false);
  });
});

it("the owner's own Services are nobody's business", async () => {
  await kube.create(services, {
    metadata: { name: "mine", namespace: twin.name, labels: { [ORIGIN]: EAST } },
    spec: { type: "NodePort", ports: port },
  });
});

describe("a peer whose identity is a token", () => {
  beforeAll(() => {
    identity = byToken;
  });
  afterAll(() => {
    identity = byCertificate;
  });
  it("may make what others may, and is held to the same", async () => {
    expect(await service({ selector: { app: "web" } })).toMatchObject({ status: 201 });
    expect(await service({ type: "LoadBalancer" })).toMatchObject({ status: 422 });
    expect(await service({ externalIPs: ["192.0.2.1"] })).toMatchObject({ status: 422 });
    await allow("");
    await until(async () => (await ingress("other")).status === 422, { what: "classes closed to it too" });
  });
  it("is another peer's nowhere", async () => {
    identity = { "impersonate-user": `system:serviceaccount:tideway-tenant-north:${accountOf(EAST)}` };
    expect(await service({ selector: { app: "web" } })).toMatchObject({ status: 403 });
    identity = byToken;
  });
});

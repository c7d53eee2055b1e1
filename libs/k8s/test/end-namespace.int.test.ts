import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiServer, startApiServer, until } from "@tideway/sandbox";
import {
  configMaps,
  createKube,
  endNamespace,
  events,
  fromKubeconfig,
  type Kube,
  namespaces,
  resource,
  secrets,
} from "../src/index.ts";

let server: ApiServer;
let kube: Kube;
const things = resource("test.tideway.dev", "v1", "things", "Thing");
const definitions = resource(
  "apiextensions.k8s.io",
  "v1",
  "customresourcedefinitions",
  "CustomResourceDefinition",
  false,
);

beforeAll(async () => {
  server = await startApiServer({ controllerManager: true });
  kube = createKube(fromKubeconfig(server.kubeconfig), { userAgent: "tideway-test" });
  const schema = { openAPIV3Schema: { type: "object" } };
  await kube.create(definitions, {
    metadata: { name: "things.test.tideway.dev" },
    spec: {
      group: "test.tideway.dev",
      scope: "Namespaced",
      names: { plural: "things", singular: "thing", kind: "Thing" },
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  } as never);
  await until(() => kube.list(things).catch(() => undefined), { what: "the kind is served" });
});
afterAll(async () => {
  await kube.close();
  await server.stop();
});

const filled = async (namespace: string): Promise<void> => {
  await kube.create(namespaces, { metadata: { name: namespace } });
  const metadata = (name: string) => ({ name, namespace });
  const regarding = { kind: "Namespace", name: namespace, namespace };
  await Promise.all([
    ...["a", "b", "c"].map((n) => kube.create(configMaps, { metadata: metadata(n) })),
    kube.create(secrets, { metadata: metadata("secret") }),
    kube.create(events, { metadata: metadata("event"), involvedObject: regarding, reason: "Test" }),
    kube.create(things, { metadata: metadata("thing") }),
    until(() => kube.find(configMaps, "kube-root-ca.crt", namespace), { what: "the namespace is furnished" }),
  ]);
};

/** The namespaces of these tests had none of their name before them. */
const now = { minAgeMs: 0 };

describe("endNamespace", () => {
  it("leaves a young namespace to the controller, which may still be about to end one of the name before it", async () => {
    await filled("young");
    expect(await endNamespace(kube, "young")).toMatchObject({ ended: false });
    await until(async () => !(await kube.find(namespaces, "young")), { what: "the controller's own end" });
  });

  it("ends a namespace with everything in it well before the namespace controller begins", async () => {
    await filled("full");
    const from = performance.now();
    expect(await endNamespace(kube, "full", now)).toEqual({ ended: true });
    const ms = performance.now() - from;
    expect(ms).toBeLessThan(5_000);
    expect(await kube.find(namespaces, "full")).toBeUndefined();
    await kube.create(namespaces, { metadata: { name: "full" } });
    for (const kind of [configMaps, secrets, events, things])
      expect((await kube.list(kind, { namespace: "full" })).map((o) => o.metadata.name)).not.toContainEqual(
        expect.stringMatching(/^(a|secret|event|thing)$/),
      );
  });

  it("counts a namespace that is gone, or another one of the name, as ended", async () => {
    expect(await endNamespace(kube, "never")).toEqual({ ended: true });
    expect(await endNamespace(kube, "default", { uid: "of-another" })).toEqual({ ended: true });
    expect((await kube.get(namespaces, "default")).metadata.deletionTimestamp).toBeUndefined();
  });

  it("may run twice at once", async () => {
    await filled("twice");
    const both = await Promise.all([endNamespace(kube, "twice", now), endNamespace(kube, "twice", now)]);
    expect(both).toEqual([{ ended: true }, { ended: true }]);
  });

  it("takes many in turns", async () => {
    const names = Array.from({ length: 9 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => kube.create(namespaces, { metadata: { name } })));
    const answers = await Promise.all(
      names.map((n) => endNamespace(kube, n, { ...now, patienceMs: 60_000 })),
    );
    expect(answers).toEqual(names.map(() => ({ ended: true })));
  });

  it("leaves a namespace to its controller while somebody's finalizer holds an object in it", async () => {
    await filled("held");
    await kube.patch(configMaps, "b", "held", { metadata: { finalizers: ["example.org/mine"] } });
    const answer = await endNamespace(kube, "held", { ...now, patienceMs: 300 });
    expect(answer).toEqual({
      ended: false,
      reason: "configmaps b is still there, held by example.org/mine",
    });
    expect((await kube.get(configMaps, "b", "held")).metadata.finalizers).toEqual(["example.org/mine"]);
    expect((await kube.get(namespaces, "held")).spec?.finalizers).toEqual(["kubernetes"]);

    const again = endNamespace(kube, "held", { ...now, patienceMs: 60_000 }); // waits for the one who holds it
    await kube.patch(configMaps, "b", "held", { metadata: { finalizers: [] } });
    expect(await again).toEqual({ ended: true });
  });

  it("leaves a namespace to its controller when it may not see what is in it", async () => {
    await filled("dark");
    const blind: Kube = {
      ...kube,
      request: (r) => kube.request(r.path.endsWith("/secrets") ? { ...r, path: "/apis/none/v1/secrets" } : r),
    };
    const answer = await endNamespace(blind, "dark", now);
    expect(answer).toMatchObject({ ended: false });
    expect((await kube.get(namespaces, "dark")).spec?.finalizers).toEqual(["kubernetes"]);
  });
});

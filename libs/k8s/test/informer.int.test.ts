import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiServer, startApiServer, until } from "@tideway/sandbox";
import { isAlreadyExists, isConflict, isInvalid, isNotFound, isUnavailable } from "@tideway/errors";
import {
  type ConfigMap,
  configMaps,
  createKube,
  fromKubeconfig,
  informer,
  type Kube,
  nodes,
} from "../src/index.ts";

let server: ApiServer;
let kube: Kube;
const stop = new AbortController();
beforeAll(async () => {
  server = await startApiServer();
  kube = createKube(fromKubeconfig(server.kubeconfig), { userAgent: "tideway-test" });
});
afterAll(async () => {
  stop.abort();
  await kube.close();
  await server.stop();
});

const config = (name: string, value: string, labels = {}): ConfigMap => ({
  metadata: { name, namespace: "default", labels },
  data: { value },
});
const values = (list: readonly ConfigMap[]): string[] =>
  list.map((c) => `${c.metadata.name}=${c.data?.value}`).sort();

describe("client", () => {
  it("tells errors apart by class, whatever their text", async () => {
    await kube.create(configMaps, config("one", "1"));
    expect(isAlreadyExists(await kube.create(configMaps, config("one", "1")).catch((e: unknown) => e))).toBe(
      true,
    );
    expect(isNotFound(await kube.get(configMaps, "none", "default").catch((e: unknown) => e))).toBe(true);
    expect(isInvalid(await kube.create(configMaps, config("Not_Valid", "1")).catch((e: unknown) => e))).toBe(
      true,
    );
    const stale = await kube.get(configMaps, "one", "default");
    await kube.patch(configMaps, "one", "default", { data: { value: "2" } });
    expect(isConflict(await kube.replace(configMaps, stale).catch((e: unknown) => e))).toBe(true);
    expect(await kube.find(configMaps, "none", "default")).toBeUndefined();
    await kube.delete(configMaps, "none", "default"); // gone already: fine
  });

  it("never makes a deleted object anew when an apply carries its uid", async () => {
    const first = await kube.apply(configMaps, config("ghost", "1"), { fieldManager: "test" });
    await kube.delete(configMaps, "ghost", "default");
    const late = kube.apply(
      configMaps,
      { ...config("ghost", "2"), metadata: { ...config("ghost", "2").metadata, uid: first.metadata.uid! } },
      { fieldManager: "test" },
    );
    expect(isConflict(await late.catch((e: unknown) => e))).toBe(true);
    expect(await kube.find(configMaps, "ghost", "default")).toBeUndefined();
  });

  it("does not delete another object of the same name", async () => {
    const first = await kube.create(configMaps, config("twice", "1"));
    await kube.delete(configMaps, "twice", "default");
    await kube.create(configMaps, config("twice", "2"));
    await kube.delete(configMaps, "twice", "default", { uid: first.metadata.uid! });
    expect((await kube.get(configMaps, "twice", "default")).data?.value).toBe("2");
  });
});

describe("informer", () => {
  it("holds what there is, then follows every change", async () => {
    const selector = { namespace: "default", labelSelector: "suite=follow" };
    await kube.create(configMaps, config("f1", "1", { suite: "follow" }));
    const seen: string[] = [];
    const i = informer(kube, configMaps, selector);
    i.onChange((key, now, old) => seen.push(`${key} ${old?.data?.value ?? "-"}>${now?.data?.value ?? "-"}`));
    i.index("value", (c) => [c.data?.value ?? ""]);
    i.start(stop.signal);
    await i.synced;
    expect(values(i.list())).toEqual(["f1=1"]);
    await kube.create(configMaps, config("f2", "2", { suite: "follow" }));
    await kube.patch(configMaps, "f1", "default", { data: { value: "3" } });
    await kube.delete(configMaps, "f2", "default");
    await until(() => Promise.resolve(i.size === 1 && i.get("default/f1")?.data?.value === "3"), {
      what: "the last state",
    });
    expect(seen).toEqual(["default/f1 ->1", "default/f2 ->2", "default/f1 1>3", "default/f2 2>-"]);
    expect(i.byIndex("value", "3").map((c) => c.metadata.name)).toEqual(["f1"]);
    expect(i.byIndex("value", "1")).toEqual([]);
    expect(i.staleSeconds()).toBe(0);
  });

  it("says what it missed while the API server was away, deletions too, and never stops", async () => {
    const i = informer(kube, configMaps, {
      namespace: "default",
      labelSelector: "suite=away",
      backoffMs: { first: 20, max: 200 },
    });
    await kube.create(configMaps, config("stays", "1", { suite: "away" }));
    await kube.create(configMaps, config("goes", "1", { suite: "away" }));
    const errors: unknown[] = [];
    i.onError((err) => errors.push(err));
    i.start(stop.signal);
    await i.synced;
    await server.kill();
    await until(() => Promise.resolve(errors.length > 0), { what: "an error" });
    expect(errors.every(isUnavailable)).toBe(true);
    expect(i.size).toBe(2); // absence of the server is not absence of the objects
    await server.start();
    await kube.delete(configMaps, "goes", "default");
    await kube.create(configMaps, config("comes", "2", { suite: "away" }));
    await until(() => Promise.resolve(values(i.list()).join() === "comes=2,stays=1"), {
      what: "the state after the outage",
    });
  });

  it("keeps only what its transform keeps, and asks only for metadata when told", async () => {
    await kube.create(configMaps, config("slim", "long text", { suite: "slim" }));
    const o = { namespace: "default", labelSelector: "suite=slim" };
    const slim = informer(kube, configMaps, { ...o, transform: ({ metadata }) => ({ metadata }) });
    const meta = informer(kube, configMaps, { ...o, metadataOnly: true });
    for (const i of [slim, meta]) {
      i.start(stop.signal);
      await i.synced;
      expect(i.get("default/slim")?.data).toBeUndefined();
      expect(i.get("default/slim")?.metadata.uid).toBeTruthy();
      expect(i.get("default/slim")?.metadata.managedFields).toBeUndefined();
    }
  });

  it("holds cluster-scoped objects by their name", async () => {
    await kube.create(nodes, { metadata: { name: "n1" } });
    const i = informer(kube, nodes);
    i.start(stop.signal);
    await i.synced;
    expect(i.get("n1")?.metadata.name).toBe("n1");
  });
});

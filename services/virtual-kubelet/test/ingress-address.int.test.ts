/** Where a provider serves an Ingress, shown at home. The tests play the controllers of both clusters. */
import { namespaceOffloadings, virtualNodes } from "@tideway/api";
import { type Ingress, ingresses } from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorld, type World } from "./world.ts";

let w: World;
const NS = "doors";
let twin: string;

beforeAll(async () => {
  w = await startWorld();
  await w.peered();
  twin = await w.offload(NS);
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const make = async (name: string, namespace = NS, twinName = twin): Promise<void> => {
  await w.east.kube.create(ingresses, {
    metadata: { name, namespace },
    spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } } },
  });
  await w.until(() => w.west.kube.find(ingresses, name, twinName), `the copy of ${name}`);
};
/** As the controller of a cluster says where it serves; undefined: nowhere. */
const say = async (s: World["east"], name: string, namespace: string, ip?: string): Promise<unknown> => {
  const status = { loadBalancer: ip ? { ingress: [{ ip }] } : {} };
  const object = await s.kube.get(ingresses, name, namespace);
  return s.kube.replace(ingresses, { ...object, status }, { subresource: "status" });
};
const home = (name: string, namespace = NS): Promise<Ingress> => w.east.kube.get(ingresses, name, namespace);
const shown = async (name: string, namespace = NS): Promise<string | undefined> =>
  (await home(name, namespace)).status?.loadBalancer?.ingress?.[0]?.ip;
const shows = (name: string, ip: string | undefined, namespace = NS): Promise<unknown> =>
  w.until(async () => (await shown(name, namespace)) === ip, `address ${ip} at ${name}`);

describe("an Ingress", () => {
  it("shows the provider's address while it is served there, after a restart too", async () => {
    await make("served");
    await say(w.west, "served", twin, "192.0.2.10");
    await shows("served", "192.0.2.10");
    await say(w.west, "served", twin, "192.0.2.11");
    await shows("served", "192.0.2.11");
    await w.restartConsumer();
    await say(w.west, "served", twin);
    await shows("served", undefined);
  });

  it("keeps the word of a controller at home, and the provider's follows when that is gone", async () => {
    await make("both");
    await say(w.west, "both", twin, "192.0.2.10");
    await shows("both", "192.0.2.10");
    await say(w.east, "both", NS, "198.51.100.1");
    const { resourceVersion } = (await home("both")).metadata;
    await say(w.west, "both", twin, "192.0.2.11");
    await make("later"); // what came after it is seen, so it has been looked at
    await say(w.west, "later", twin, "192.0.2.11");
    await shows("later", "192.0.2.11");
    await say(w.west, "both", twin);
    await say(w.west, "later", twin);
    await shows("later", undefined);
    expect((await home("both")).metadata.resourceVersion).toBe(resourceVersion); // nothing was written
    await say(w.west, "both", twin, "192.0.2.12");
    await say(w.east, "both", NS);
    await shows("both", "192.0.2.12");
  });

  it("that stays here from now on shows it no longer", async () => {
    await w.east.kube.patch(virtualNodes, "west", undefined, {
      spec: { ingressClasses: [{ from: "inner", to: "-" }] },
    });
    await make("stays");
    await say(w.west, "stays", twin, "192.0.2.10");
    await shows("stays", "192.0.2.10");
    await w.east.kube.patch(ingresses, "stays", NS, { spec: { ingressClassName: "inner" } });
    await shows("stays", undefined);
  });
});

describe("the end", () => {
  it("of an offloading takes the address back, and leaves that of a controller at home", async () => {
    const other = await w.offload("ending");
    for (const name of ["theirs", "ours"]) {
      await make(name, "ending", other);
      await say(w.west, name, other, "192.0.2.10");
      await shows(name, "192.0.2.10", "ending");
    }
    await say(w.east, "ours", "ending", "198.51.100.1");
    await w.east.kube.delete(namespaceOffloadings, "offloading", "ending");
    await w.until(
      async () => !(await w.east.kube.find(namespaceOffloadings, "offloading", "ending")),
      "the end of the offloading",
    );
    expect(await shown("theirs", "ending")).toBeUndefined();
    expect(await shown("ours", "ending")).toBe("198.51.100.1");
  }, 40_000);

  it("of a peering takes it back in every namespace", async () => {
    await make("last");
    await say(w.west, "last", twin, "192.0.2.10");
    await shows("last", "192.0.2.10");
    await w.peerFact({ outgoing: false, unpeerDeadline: new Date(Date.now() + 20_000).toISOString() });
    await w.until(async () => (await w.east.kube.list(virtualNodes)).length === 0, "the node gone");
    await shows("last", undefined);
    await shows("both", undefined);
  }, 40_000);
});

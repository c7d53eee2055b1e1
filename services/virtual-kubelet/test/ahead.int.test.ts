import { HELD } from "@tideway/api";
import { type Pod, pods, storageClasses } from "@tideway/k8s";
import type { FactInput } from "@tideway/protos";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startWorld, WEST, type World } from "./world.ts";

/** A pod whose new claims got their node is sent ahead, while the scheduler here still waits for their volumes. */
let w: World;
let twin: string;
const NS = "ahead";

beforeAll(async () => {
  w = await startWorld();
  await w.west.server.kubectl(
    "apply",
    "-f",
    new URL("../../../deploy/base/virtual-kubelet/admission-policy-held.yaml", import.meta.url).pathname,
  );
  await w.west.kube.create(storageClasses, {
    metadata: { name: "disk" },
    provisioner: "disk.example",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  await w.classesFact([{ name: "disk", default: true, capacity: "10Gi" }]);
  await w.peered();
  twin = await w.offload(NS);
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const wish = (claim: string, state: FactInput<"volume">["state"] = "PENDING") =>
  w.east.bus.publish(
    "volume",
    { peer: WEST, id: `uid-${claim}` },
    {
      clusterId: WEST,
      state,
      namespace: NS,
      claim,
      size: "1Gi",
      accessModes: ["ReadWriteOnce"],
      volumeMode: "Filesystem",
      node: "west",
    },
  );
const make = (name: string, claim = name): Promise<Pod> =>
  w.east.kube.create(pods, {
    metadata: { name, namespace: NS },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: "c", image: "img:1", volumeMounts: [{ name: "d", mountPath: "/d" }] }],
      volumes: [{ name: "d", persistentVolumeClaim: { claimName: claim } }],
    },
  });
/** What a scheduler does; `dryRun`: as far as the API server's policies. */
const bind = async (
  side: "east" | "west",
  namespace: string,
  name: string,
  node: string,
  dryRun = false,
): Promise<void> => {
  const binding = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name },
    target: { apiVersion: "v1", kind: "Node", name: node },
  };
  const answer = await w[side].kube.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods/${name}/binding${dryRun ? "?dryRun=All" : ""}`,
    body: JSON.stringify(binding),
    headers: { "content-type": "application/json" },
  });
  const said = await answer.body.text();
  if (answer.status >= 300) throw new Error(said);
};
const held = (name: string): Promise<Pod> =>
  w.until(async () => {
    const shadow = await w.shadow(twin, name);
    return shadow?.metadata.labels?.[HELD] === "true" && w.remote(twin, name);
  }, `pod ${name} held at the provider`);
const goneThere = (name: string): Promise<unknown> =>
  w.until(async () => !(await w.shadow(twin, name)) && !(await w.remote(twin, name)), `${name} called back`);

it("stands at the provider before it is bound here, and nobody binds it there until then", async () => {
  const pod = await make("db");
  await wish("db");
  const there = await held("db");
  expect(there.metadata.annotations).toMatchObject({ "tideway.dev/origin-uid": pod.metadata.uid });
  // The API server learns of held ShadowPods by a watch of its own; a scheduler sleeps for longer before it binds.
  const refused = (dryRun: boolean) =>
    bind("west", twin, "db", "node-1", dryRun).then(
      () => false,
      (err: Error) => err.message.includes("has not bound it yet"),
    );
  await w.until(() => refused(true), "the binding refused at the provider");
  expect(await refused(false)).toBe(true);
  await wish("db", "BOUND");
  await w.sleep(200);
  expect((await w.shadow(twin, "db"))?.metadata.labels?.[HELD]).toBe("true");
  await bind("east", NS, "db", "west");
  await w.until(async () => (await w.shadow(twin, "db"))?.metadata.labels?.[HELD] === undefined, "let go");
  let last = "";
  await w
    .until(async () => {
      last = await bind("west", twin, "db", "node-1").then(
        () => "",
        (err: Error) => err.message,
      );
      return (await w.remote(twin, "db"))?.spec?.nodeName === "node-1";
    }, "bound at the provider")
    .catch((err: Error) => {
      throw new Error(`${err.message}; last answer: ${last}`, { cause: err });
    });
  expect((await w.remote(twin, "db"))?.metadata.uid).toBe(there.metadata.uid);
  await w.east.kube.delete(pods, "db", NS, { gracePeriodSeconds: 0 });
  await goneThere("db");
});

it("is called back when it is deleted, goes to another node, or does not fit after all", async () => {
  for (const name of ["deleted", "elsewhere", "refused"]) {
    const pod = await make(name);
    await wish(name);
    await held(name);
    if (name === "deleted") await w.east.kube.delete(pods, name, NS, { gracePeriodSeconds: 0 });
    if (name === "elsewhere") await bind("east", NS, name, "node-9");
    if (name === "refused")
      await w.east.kube.patch(
        pods,
        name,
        NS,
        { status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] } },
        { subresource: "status" },
      );
    await goneThere(name);
    await w.east.kube.delete(pods, name, NS, { gracePeriodSeconds: 0, uid: pod.metadata.uid ?? "" });
    await wish(name, "GONE");
  }
});

it("stays here where two pods share the claim, until it is bound", async () => {
  await make("one", "shared");
  await make("two", "shared");
  await wish("shared");
  await w.until(
    async () =>
      w.west.server.kubectl("-n", twin, "get", "pvc", "shared").then(
        () => true,
        () => false,
      ),
    "the claim there",
  );
  await w.sleep(300);
  expect(await w.shadow(twin, "one")).toBeUndefined();
  expect(await w.shadow(twin, "two")).toBeUndefined();
  await bind("east", NS, "one", "west");
  await w.until(() => w.remote(twin, "one"), "the bound one there");
  expect((await w.shadow(twin, "one"))?.metadata.labels?.[HELD]).toBeUndefined();
  expect(await w.shadow(twin, "two")).toBeUndefined();
});

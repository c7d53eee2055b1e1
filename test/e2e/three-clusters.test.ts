import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImages, type Cluster, loadImages, startCluster, until } from "@tideway/sandbox";
import { endpointSlices, pods, services as serviceKind } from "@tideway/k8s";
import { deployTideway, peer, services, tideway, unpeer } from "@tideway/platform";
import type { TestReport } from "../../cli/src/network/matrix/report.ts";
import { answers, connected, ensureConnected, inPod, matrix, PORT, probe, readyPod } from "./fabric.ts";
import { DIR } from "./setup.ts";
import { apply, dropNamespace, east, sideOf, type Side, west } from "./world.ts";

/** East uses west and north; north has an overlay network (flannel), and the same addresses as the others. */

const NS = "threeway";
let north: Side;
let third: Cluster | undefined;

beforeAll(async () => {
  await ensureConnected();
  third = await startCluster({ name: "north", dir: DIR, nodes: 2, cni: "flannel" });
  await loadImages(third, await buildImages([...services]));
  await deployTideway(third);
  north = await sideOf("north");
  await peer(east.cluster, third);
  await connected(east, north);
  await east.cluster.kubectl("create", "namespace", NS);
  await tideway(east.cluster, "offload", "namespace", NS, "--wait", "--timeout", "60s");
  for (const name of ["west", "north"]) {
    await apply(east.cluster, probe({ name: `at-${name}`, namespace: NS, hostname: name, app: name }));
    await apply(east.cluster, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: `svc-${name}`, namespace: NS },
      spec: { selector: { app: name }, ports: [{ name: "http", port: PORT }] },
    });
  }
  await apply(east.cluster, probe({ name: "at-home", namespace: NS, hostname: east.cluster.nodes[1] ?? "" }));
  await Promise.all(["at-west", "at-north", "at-home"].map((name) => readyPod(east, NS, name)));
}, 600_000);
afterAll(async () => {
  await dropNamespace(NS);
  if (third) {
    await unpeer(east.cluster, third).catch(() => undefined); // the cluster goes anyway
    if (process.env.TIDEWAY_KEEP !== "1") await third.stop();
  }
}, 180_000);

describe("the matrix of both pairs at the same time", () => {
  let reports: { north: TestReport; west: TestReport };
  beforeAll(async () => {
    const [toNorth, toWest] = await Promise.all([
      matrix(east.cluster, north.cluster),
      matrix(east.cluster, west.cluster),
    ]);
    reports = { north: toNorth, west: toWest };
  }, 300_000);

  for (const name of ["north", "west"] as const)
    it(`east and ${name}: no cell fails, and none is left out`, () => {
      const { cells, passed, notes } = reports[name];
      const bad = cells.filter((c) => c.result !== "ok").map((c) => `${c.id}: ${c.detail ?? c.result}`);
      expect(bad, notes.join("; ")).toEqual([]);
      expect(passed).toBeGreaterThan(50);
    });
});

describe("through the cluster in the middle", () => {
  it("home reaches both, under addresses that do not overlap", async () => {
    await answers(east, NS, "at-home", "svc-west", "at-west");
    await answers(east, NS, "at-home", "svc-north", "at-north");
    const ips = await Promise.all(
      ["at-west", "at-north"].map(async (n) => (await readyPod(east, NS, n)).status?.podIP ?? ""),
    );
    expect(ips[0]?.split(".").slice(0, 2)).not.toEqual(ips[1]?.split(".").slice(0, 2));
  });

  it("a pod at west reaches a Service whose pods run at north, and the other way round", async () => {
    await answers(east, NS, "at-west", "svc-north", "at-north");
    await answers(east, NS, "at-north", "svc-west", "at-west");
  });

  it("64 KiB come back whole on that way", async () => {
    const script = `
      const body = require("node:crypto").randomBytes(65536);
      const req = require("node:http").request({ host: "svc-north", port: ${PORT}, method: "POST" }, (res) => {
        const got = []; res.on("data", (b) => got.push(b));
        res.on("end", () => { console.log(Buffer.concat(got).equals(body)); process.exit(0); });
      });
      req.on("error", (err) => { console.error(err.message); process.exit(1); });
      req.end(body);`;
    expect((await inPod(east, NS, "at-west", "node", "-e", script)).trim()).toBe("true");
  });

  it("an endpoint that is gone at north is gone at west", async () => {
    await east.cluster.kubectl("-n", NS, "delete", "pod", "at-north", "--now");
    const twin = `tideway-east--${NS}`;
    await until(
      async () => {
        const all = await west.kube.list(endpointSlices, {
          namespace: twin,
          labelSelector: "kubernetes.io/service-name=svc-north",
        });
        return all.flatMap((s) => s.endpoints ?? []).length === 0;
      },
      { what: "no endpoint of svc-north on west" },
    );
    expect(await west.kube.find(serviceKind, "svc-north", twin)).toBeDefined();
  });

  it("the end of one peering leaves the other as it is", async () => {
    const uid = (await readyPod(east, NS, "at-west")).metadata.uid;
    if (third) await unpeer(east.cluster, third);
    await answers(east, NS, "at-home", "svc-west", "at-west");
    await answers(east, NS, "at-west", "svc-west", "at-west");
    expect((await east.kube.find(pods, "at-west", NS))?.metadata.uid).toBe(uid);
  });
});

import { readFileSync } from "node:fs";
import { addressPools, borderPolicies, make } from "@tideway/api";
import { configMaps } from "@tideway/k8s";
import { isForbidden, isInvalid, isUnavailable } from "@tideway/errors";
import { caFromCluster, createIpamClient, ExhaustedError, type IpamClient } from "@tideway/ipamclient";
import { contains, overlaps } from "@tideway/net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, POD_CIDR, startWorld, tokenOf, type World } from "./world.ts";

let w: World;
const clients: IpamClient[] = [];
const client = (replica: number, token: string): IpamClient => {
  const one = createIpamClient({
    endpoint: `127.0.0.1:${w.replicas[replica]!.ipam.port}`,
    ca: caFromCluster(w.kube, "tideway-system"),
    token: () => Promise.resolve(token),
    retryForMs: 60_000,
  });
  clients.push(one);
  return one;
};
const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (err: unknown) => err,
  );
const pool = () => w.kube.get(addressPools, "default");

let token: string;
beforeAll(async () => {
  w = await startWorld();
  await w.replica();
  await w.api.kubectl("create", "serviceaccount", "virtual-kubelet", "--namespace=tideway-system");
  token = await tokenOf(w.api, "virtual-kubelet");
});
afterAll(async () => {
  for (const c of clients) c.close();
  await w?.stop();
});

describe("networks", () => {
  it("gives 200 callers of two replicas 200 networks that overlap neither each other nor this cluster", async () => {
    const both = [client(0, token), client(1, token)];
    const prefixes = await Promise.all(
      Array.from({ length: 200 }, (_, i) => both[i % 2]!.acquirePrefix({ owner: `test/${i}`, length: 20 })),
    );
    const own = [POD_CIDR, "192.168.7.0/24", (await pool()).status!.externalCIDR!];
    const all = [...prefixes, ...own];
    for (const [i, a] of all.entries())
      for (const b of all.slice(i + 1)) expect(overlaps(a, b), `${a} ${b}`).toBe(false);
    // The same owner gets the same answer, from either replica, and again after a restart.
    expect(await both[1]!.acquirePrefix({ owner: "test/0", length: 20 })).toBe(prefixes[0]);
    await w.replica();
    expect(await client(2, token).acquirePrefix({ owner: "test/7", length: 20 })).toBe(prefixes[7]);
    await Promise.all(Array.from({ length: 200 }, (_, i) => both[(i + 1) % 2]!.releasePrefix(`test/${i}`)));
    expect((await pool()).status?.allocations ?? []).toEqual([]);
  });

  it("gives the wanted one when nothing overlaps it, else another one of that length", async () => {
    const c = client(0, token);
    expect(await c.acquirePrefix({ owner: "wish", wanted: "10.70.0.0/16" })).toBe("10.70.0.0/16");
    const other = await c.acquirePrefix({ owner: "late", wanted: "10.70.128.0/17" });
    expect(other).toMatch(/\/17$/);
    expect(overlaps(other, "10.70.0.0/16")).toBe(false);
    expect(overlaps(await c.acquirePrefix({ owner: "own", wanted: POD_CIDR }), POD_CIDR)).toBe(false);
    for (const owner of ["wish", "late", "own"]) await c.releasePrefix(owner);
  });

  it("says what is full and how to enlarge it, and gives again when it was enlarged", async () => {
    const c = client(0, token);
    const before = (await pool()).spec.prefixes;
    await w.kube.patch(addressPools, "default", undefined, { spec: { prefixes: ["10.70.0.0/16"] } });
    await eventually(
      "the pool as it is now",
      pool,
      (p) => p.status?.observedGeneration === p.metadata.generation,
    );
    await c.acquirePrefix({ owner: "a", length: 17 });
    await c.acquirePrefix({ owner: "b", length: 17 });
    const err = await failure(c.acquirePrefix({ owner: "c", length: 17 }));
    expect(err).toBeInstanceOf(ExhaustedError);
    expect(String(err)).toMatch(
      /no free \/17 in the pool 10\.70\.0\.0\/16.*add a network to spec\.prefixes of AddressPool default/,
    );
    await w.kube.patch(addressPools, "default", undefined, { spec: { prefixes: before } });
    await eventually(
      "a larger one",
      () => failure(c.acquirePrefix({ owner: "c", length: 17 })).then((e) => ({ e })),
      ({ e }) => !e,
    );
    for (const owner of ["a", "b", "c"]) await c.releasePrefix(owner);
  });
});

describe("addresses", () => {
  it("maps an address for one peer and namespace, tells it, and takes it back", async () => {
    const c = client(1, token);
    const ask = { address: "192.168.7.10", peer: "id-of-north", namespace: "shop" };
    const external = await c.mapAddress(ask);
    const { externalCIDR } = (await pool()).status!;
    expect(contains(externalCIDR!, external)).toBe(true);
    expect(await c.mapAddress(ask)).toBe(external);
    expect(await c.mapAddress({ ...ask, peer: "id-of-south" })).not.toBe(external);
    const id = external.replaceAll(".", "-");
    const fact = await eventually(
      "the fact",
      () => w.addresses.get("local", id),
      (f) => f.data.state === "MAPPED",
    );
    expect(fact.data).toMatchObject({
      external,
      address: "192.168.7.10",
      peers: ["id-of-north"],
      namespace: "shop",
    });
    await c.unmapAddress(ask);
    await c.unmapAddress(ask);
    await eventually(
      "its end",
      () => w.addresses.get("local", id),
      (f) => f.data.state === "GONE",
    );
    expect(await failure(c.mapAddress({ ...ask, address: externalCIDR!.replace("/20", "") }))).toSatisfy(
      isInvalid,
    );
    await c.unmapAddress({ ...ask, peer: "id-of-south" });
  });

  it("gives addresses that are neither the cluster's own nor taken, to many at once", async () => {
    const both = [client(0, token), client(1, token)];
    const given = await Promise.all(
      Array.from({ length: 100 }, (_, i) => both[i % 2]!.acquireAddress(`a/${i}`)),
    );
    expect(new Set(given).size).toBe(100);
    expect(given).not.toContain((await pool()).status!.externalCIDR!.replace(/0\/20$/, "1"));
    await Promise.all(given.map((_, i) => both[i % 2]!.releaseAddress(`a/${i}`)));
    expect((await pool()).status?.mappings ?? []).toEqual([]);
  });
});

describe("callers", () => {
  it("refuses who is not a service account of Tideway, and who releases what is not theirs", async () => {
    await w.api.kubectl("create", "serviceaccount", "stranger", "--namespace=default");
    const stranger = client(0, await tokenOf(w.api, "stranger", "default"));
    const err = await failure(stranger.acquireAddress("x"));
    expect(err).toSatisfy(isForbidden);
    expect(String(err)).toContain("default/stranger may not call");
    expect(await failure(client(0, "nonsense").acquireAddress("x"))).toSatisfy(isForbidden);
    expect(await failure(client(0, token).releasePrefix("peer/id-of-west/pods"))).toSatisfy(isInvalid);
    expect(await failure(client(0, token).acquirePrefix({ owner: "x", wanted: "10.0.0.1/8" }))).toSatisfy(
      isInvalid,
    );
  });

  it("trusts no server but the one with the certificate of the ConfigMap", async () => {
    const other = createIpamClient({
      endpoint: `127.0.0.1:${w.replicas[0]!.ipam.port}`,
      ca: () => Promise.resolve(readFileSync(w.api.caFile, "utf8")),
      token: () => Promise.resolve(token),
      retryForMs: 100,
    });
    clients.push(other);
    expect(await failure(other.acquireAddress("x"))).toSatisfy(isUnavailable);
    const map = await w.kube.get(configMaps, "ipam-ca", "tideway-system");
    expect(map.data?.pin).toMatch(/^sha256\//);
  });
});

describe("BorderPolicy", () => {
  it("says what it opens, what is wrong with it, and that it is gone", async () => {
    const write = (spec: { peers: string[]; namespaces?: string[]; nodes?: boolean }) =>
      w.kube.apply(
        borderPolicies,
        make(borderPolicies, {
          metadata: { name: "open.shop" },
          spec: { nodes: false, ...spec, ports: [{ protocol: "TCP", port: 443 }] },
        }),
        { fieldManager: "test" },
      );
    await write({ peers: ["*"], namespaces: ["shop"] });
    const fact = await eventually(
      "the fact",
      () => w.borders.get("local", "open.shop"),
      (f) => f.data.state === "ACTIVE",
    );
    expect(fact.data).toMatchObject({
      peers: ["*"],
      namespaces: ["shop"],
      nodes: false,
      ports: ["TCP/443"],
    });
    await eventually(
      "its condition",
      () => w.kube.get(borderPolicies, "open.shop"),
      (p) => p.status?.conditions?.[0]?.status === "True",
    );
    await write({ peers: ["west"], namespaces: [] });
    await eventually(
      "its end",
      () => w.borders.get("local", "open.shop"),
      (f) => f.data.state === "GONE",
    );
    await eventually(
      "the reason",
      () => w.kube.get(borderPolicies, "open.shop"),
      (p) => p.status?.conditions?.[0]?.reason === "OpensNothing",
    );
    await write({ peers: ["*"], nodes: true });
    await eventually(
      "another one",
      () => w.borders.get("local", "open.shop"),
      (f) => f.data.state === "ACTIVE" && f.data.nodes,
    );
    await w.kube.delete(borderPolicies, "open.shop");
    await eventually(
      "gone",
      () => w.borders.get("local", "open.shop"),
      (f) => f.data.state === "GONE",
    );
  });
});

import { make, NAMESPACE_MAP_NAME, namespaceMaps, peerNamespace, tenantNamespace } from "@tideway/api";
import { createKube, fromKubeconfig, informer, type Kube, namespaces, nodes } from "@tideway/k8s";
import { virtualNodes } from "@tideway/api";
import { type ApiServer, startApiServer } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NodeDeps, removeMap } from "../src/node/perform.ts";

let server: ApiServer;
let kube: Kube;
let deps: NodeDeps;
const stop = new AbortController();
beforeAll(async () => {
  server = await startApiServer();
  await server.applyCrds(new URL("../../../deploy/base/crds", import.meta.url).pathname);
  kube = createKube(fromKubeconfig(server.kubeconfig), { userAgent: "tideway-test" });
  const caches = { virtualNodes: informer(kube, virtualNodes), nodes: informer(kube, nodes) };
  const clock = { now: Date.now };
  deps = {
    kube,
    clock,
    signal: stop.signal,
    address: "127.0.0.1",
    port: 10250,
    kubeletVersion: "v0",
    ...caches,
  };
});
afterAll(async () => {
  stop.abort();
  await kube.close();
  await server.stop();
});

const OURS = peerNamespace("east");
const THEIRS = tenantNamespace("east");
const mapIn = (namespace: string) =>
  make(namespaceMaps, { metadata: { name: NAMESPACE_MAP_NAME, namespace }, spec: { namespaces: ["demo"] } });
const left = (namespace: string) => kube.find(namespaceMaps, NAMESPACE_MAP_NAME, namespace);

describe("what is left when the last virtual node of a peer is gone", () => {
  it("goes: its NamespaceMap, but never with the one that the peer pushed here as our consumer", async () => {
    for (const name of [OURS, THEIRS]) {
      await kube.create(namespaces, { metadata: { name } });
      await kube.create(namespaceMaps, mapIn(name));
    }
    await removeMap(deps, "east");
    expect(await left(OURS)).toBeUndefined();
    expect(await left(THEIRS)).toBeDefined();
  });
});

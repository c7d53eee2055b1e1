/** Where a peer is told to call, by each way of exposing the gateway, against what Kubernetes makes of it. */
import { pods, services } from "@tideway/k8s";
import { afterEach, expect, it } from "vitest";
import type { Exposure } from "../src/config.ts";
import { addPeer, bringConfig, configOf, eventually, factOf, startWorld, type World } from "./world.ts";

const NETWORK = "tideway-network";
const PODS = "10.33.0.0/16";
let w: World;
afterEach(() => w?.stop());

const start = async (gatewayExposure: Exposure) => {
  w = await startWorld({ gatewayExposure });
  const east = await addPeer(w, "east", "incoming");
  await bringConfig(w, east, { podCIDR: PODS });
  await eventually("our answer", () => configOf(w, east));
  const told = (...endpoints: string[]) =>
    eventually(
      `told to call ${endpoints.join(", ") || "nowhere"}`,
      async () => ({ endpoints: (await configOf(w, east))?.spec.keys[0]?.endpoints ?? [] }),
      (c) => c.endpoints.join() === endpoints.join(),
    );
  return { east, told };
};
const serviceThere = () => w.kube.find(services, "tunnel-east", NETWORK);

it("LoadBalancer: where its Service is served, as soon as that is known and when it changes", async () => {
  const { told } = await start("LoadBalancer");
  const service = await eventually("the Service", serviceThere);
  expect(service.spec).toMatchObject({ type: "LoadBalancer" });
  expect(service.spec?.selector).toBeUndefined();
  expect(service.spec?.ports?.map((p) => [p.port, p.protocol])).toEqual([
    [51820, "UDP"],
    [51821, "UDP"],
  ]);
  await told();
  const serve = (...ingress: { ip?: string; hostname?: string }[]) =>
    w.kube.patch(
      services,
      "tunnel-east",
      NETWORK,
      { status: { loadBalancer: { ingress } } },
      { subresource: "status" },
    );
  await serve({ ip: "198.51.100.1" });
  await told("198.51.100.1:51820");
  await serve({ hostname: "lb.example.org" });
  await told("lb.example.org:51820");
  await serve();
  await told();
});

it("HostPort: the nodes that run gateways, and it follows them", async () => {
  const { told } = await start("HostPort");
  await told();
  expect(await serviceThere()).toBeUndefined();
  const gateway = async (name: string, node: string, hostIP: string): Promise<void> => {
    await w.kube.create(pods, {
      metadata: { name, namespace: NETWORK, labels: { "app.kubernetes.io/name": "gateway" } },
      spec: { nodeName: node, containers: [{ name: "gateway", image: "none" }] },
    });
    const status = { phase: "Running", hostIP, hostIPs: [{ ip: hostIP }] };
    await w.kube.patch(pods, name, NETWORK, { status }, { subresource: "status" });
  };
  await gateway("gateway-0", "node-0", "192.168.7.10");
  await told("192.168.7.10:51820");
  await gateway("gateway-1", "node-1", "192.168.7.11");
  await told("192.168.7.10:51820", "192.168.7.11:51820");
  await w.kube.delete(pods, "gateway-0", NETWORK, { gracePeriodSeconds: 0 });
  await told("192.168.7.11:51820");
});

it("None: nowhere, and the peering is agreed all the same", async () => {
  const { east, told } = await start("None");
  await told();
  expect(await serviceThere()).toBeUndefined();
  const mapping = { podCIDR: "10.99.0.0/16", externalCIDR: (await configOf(w, east))!.spec.externalCIDR };
  await bringConfig(w, east, { podCIDR: PODS, mapping });
  const fact = await eventually(
    "readiness",
    () => factOf(w, east),
    (f) => f.data.state === "READY",
  );
  expect(fact.data.remoteEndpoints["1"]).toBe("203.0.113.7:31000"); // it is for us to call
});

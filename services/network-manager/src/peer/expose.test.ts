import type { Service } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import type { Exposure } from "../config.ts";
import { endpointsOf } from "./expose.ts";

const service = (ingress: { ip?: string; hostname?: string }[] = []): Service => ({
  metadata: { name: "tunnel-west" },
  spec: {
    ports: [
      { name: "odd", port: 51820, nodePort: 31001 },
      { name: "even", port: 51821, nodePort: 31002 },
    ],
  },
  status: { loadBalancer: { ingress } },
});
const endpoints = (
  exposure: Exposure,
  generation: number,
  given: Service | undefined = service(),
  listenPort = 51824,
): string[] =>
  endpointsOf(
    { exposure, hosts: () => ["192.0.2.1", "2001:db8::1"], gatewayHosts: () => ["192.0.2.9"] },
    given,
    listenPort,
    generation,
  );

describe("where a peer calls", () => {
  it.each<[string, string[], string[]]>([
    ["a node port of every node", endpoints("NodePort", 1), ["192.0.2.1:31001", "[2001:db8::1]:31001"]],
    ["another port with the next key", endpoints("NodePort", 2), ["192.0.2.1:31002", "[2001:db8::1]:31002"]],
    ["the gateway's node", endpoints("HostPort", 1, undefined), ["192.0.2.9:51824"]],
    ["its next port with the next key", endpoints("HostPort", 2, undefined), ["192.0.2.9:51825"]],
    ["the last port that hosts forward", endpoints("HostPort", 2, undefined, 51834), ["192.0.2.9:51835"]],
    ["nowhere beyond it", endpoints("HostPort", 1, undefined, 51836), []],
    [
      "the load balancer",
      endpoints("LoadBalancer", 1, service([{ ip: "198.51.100.1" }])),
      ["198.51.100.1:51820"],
    ],
    [
      "it by name",
      endpoints("LoadBalancer", 2, service([{ hostname: "lb.example.org" }])),
      ["lb.example.org:51821"],
    ],
    ["nowhere before there is one", endpoints("LoadBalancer", 1), []],
    ["nowhere behind NAT", endpoints("None", 1), []],
  ])("is %s", (_, is, wanted) => expect(is).toEqual(wanted));
});

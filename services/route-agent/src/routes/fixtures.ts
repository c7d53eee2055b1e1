import type { Inherited, Network, Tunnel } from "../ports.ts";
import type { World } from "./desired.ts";

/** Builders of what a test does not care about. */
export const tunnel = (o: Partial<Tunnel> = {}): Tunnel => ({
  clusterId: "west",
  state: "CONNECTED",
  gateway: "gateway-0",
  gatewayIp: "10.200.0.7",
  prefixes: ["10.81.0.0/16", "10.82.0.0/24"],
  mtu: 1420,
  ...o,
});
export const network = (o: Partial<Network> = {}): Network => ({
  clusterId: "west",
  state: "READY",
  localPodCidr: "10.200.0.0/16",
  ...o,
});
export const inherited = (o: Partial<Inherited> = {}): Inherited => ({
  prefix: "10.81.0.0/16",
  gateway: "10.200.0.9",
  ...o,
});
export const world = (o: Partial<World> = {}): World => ({
  node: { ip: "192.0.2.11", podCIDRs: ["10.200.1.0/24"] },
  uplinkMtu: 1500,
  tunnels: [tunnel()],
  networks: [network()],
  inherited: [],
  masqueradeMark: 0x4000,
  plugs: [],
  ...o,
});

import type { Peer, World } from "./world.ts";

export const peerOf = (n: number, more: Partial<Peer> = {}): Peer => ({
  id: `peer-${n}`,
  name: `p${n}`,
  view: {
    localPods: "10.200.0.0/16",
    localPodsSeen: "10.71.0.0/16",
    localExternal: "10.201.0.0/16",
    localExternalSeen: "10.72.0.0/16",
    remotePods: "10.200.0.0/16",
    remotePodsSeen: `100.${64 + n}.0.0/16`,
    remoteExternal: "10.201.0.0/16",
    remoteExternalSeen: `101.${64 + n}.0.0/16`,
  },
  consumer: true,
  provider: true,
  here: true,
  interfaces: [`tw-${n}-a`],
  active: `tw-${n}-a`,
  ...more,
});

export const worldOf = (peers: readonly Peer[], more: Partial<World> = {}): World => ({
  self: {
    podIP: "10.200.0.2",
    nodeIP: "172.31.0.1",
    uplink: { device: "eth0", gateway: "10.200.0.1", mtu: 1500 },
  },
  nodes: [{ name: "n1", address: "172.31.0.1", podCIDRs: ["10.200.0.0/24"] }],
  peers,
  policy: { peers: new Map(), sources: [], reach: [], gone: [] },
  settled: true,
  listenPorts: [51820],
  calls: [],
  ...more,
});

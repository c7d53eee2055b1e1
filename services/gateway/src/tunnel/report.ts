import { interfaceOf } from "@tideway/net";
import type { Logger } from "@tideway/log";
import type { Uplink } from "../desired/world.ts";
import { allowedIPs, endpointsOf, viewOf } from "../peers/peer.ts";
import type { Clock, NetworkFact, Tell, TunnelFact } from "../ports.ts";
import type { Prober } from "../probe/prober.ts";
import { goneFact, sameButFigures, sameFigures, tunnelFact } from "./fact.ts";
import { type Memory, peerStatus } from "./memory.ts";
import { mtuOf } from "./reconciler.ts";
import type { StatusMap } from "./status.ts";

export interface ReportDeps {
  said: (id: string) => TunnelFact | undefined;
  say: (id: string, fact: TunnelFact) => void;
  tell: Tell;
  health: Prober["health"];
  implementation: () => string;
  self: { podName: string; podIP: string; nodeName: string; uplink: Uplink };
  clock: Clock;
  log: Logger;
}

export interface Report {
  /** Says how the tunnel is, where that is news; ms until it should be looked at again. */
  tell(
    id: string,
    fact: NetworkFact,
    memory: Memory,
    status: StatusMap,
    alive: boolean | undefined,
  ): number | undefined;
  gone(id: string): void;
}

const FIGURES_MS = 10_000;
/** How long a gateway that takes over says nothing, so that nodes send to the old one until this one has an answer. */
const TAKEOVER_MS = 1_500;

const stateOf = (memory: Memory, alive: boolean | undefined): TunnelFact["state"] => {
  if (alive) return "CONNECTED";
  return memory.answered ? "DISCONNECTED" : "CONNECTING";
};

export const createReport = (d: ReportDeps): Report => {
  const build = (
    id: string,
    network: NetworkFact,
    memory: Memory,
    status: StatusMap,
    alive: boolean | undefined,
  ): TunnelFact => {
    const generation = memory.active ?? 0;
    const peer = peerStatus(status, network, generation);
    const endpoints = endpointsOf(network, generation);
    const attempt = memory.generations.get(generation)?.attempt ?? 0;
    const health = d.health(id);
    return tunnelFact({
      network,
      state: stateOf(memory, alive),
      gateway: d.self.podName,
      gatewayIP: d.self.podIP,
      gatewayNode: d.self.nodeName,
      interface: interfaceOf(id, generation),
      implementation: d.implementation(),
      generation,
      endpoint: peer?.endpoint ?? endpoints[attempt % Math.max(1, endpoints.length)] ?? "",
      lastHandshake: peer?.lastHandshake,
      prefixes: allowedIPs(network),
      latencyMs: health?.latencyMs ?? 0,
      loss: health?.loss ?? 0,
      mtu: mtuOf(network, d.self.uplink, memory.path),
      known: viewOf(network) !== undefined,
      callable: endpoints.length > 0,
      failure: memory.failure,
    });
  };

  /** Logged and told where people look, once a change. */
  const announce = (id: string, now: TunnelFact, before: TunnelFact | undefined): void => {
    if (before?.state === now.state && before.gateway === now.gateway) return;
    const detail = { peer: now.name, clusterID: id, state: now.state, reason: now.reason, why: now.message };
    const message = `tunnel to ${now.name}: ${now.message}`;
    if (now.state === "DISCONNECTED") d.log.warn(detail, "tunnel lost");
    else d.log.info({ ...detail, endpoint: now.endpoint }, "tunnel changed");
    d.tell({
      type: now.state === "DISCONNECTED" ? "Warning" : "Normal",
      reason:
        { CONNECTED: "TunnelConnected", DISCONNECTED: "TunnelLost" }[now.state as string] ??
        "TunnelConnecting",
      message,
    });
  };

  return {
    tell: (id, network, memory, status, alive) => {
      const now = d.clock.now();
      const fact = build(id, network, memory, status, alive);
      const before = memory.said;
      const last = before ?? d.said(id);
      const takesOver = last?.state === "CONNECTED" && last.gateway !== d.self.podName && !alive;
      const quiet = takesOver ? memory.ownedSince + TAKEOVER_MS - now : 0;
      if (quiet > 0) return quiet;
      if (before && sameButFigures(before, fact)) {
        if (sameFigures(before, fact)) return undefined;
        if (now - memory.saidAt < FIGURES_MS) return memory.saidAt + FIGURES_MS - now;
      }
      announce(id, fact, last);
      memory.said = fact;
      memory.saidAt = now;
      d.say(id, fact);
      return undefined;
    },
    gone: (id) => {
      const said = d.said(id);
      if (said && said.state !== "GONE") d.say(id, goneFact(said));
    },
  };
};

import type { NetworkFact, TunnelFact } from "@tideway/protos";

/** What the node condition NetworkUnavailable says; it is a condition of its own, Ready does not wait for it (ADR 0014). */
export interface NodeNetwork {
  unavailable: boolean;
  reason: string;
  message: string;
}

/** Where the peer is called: where it answered last, else what it announced. */
const addressOf = (network: Readonly<NetworkFact>, tunnel: Readonly<TunnelFact> | undefined): string => {
  const announced = network.generations.map((g) => network.remoteEndpoints[g]).find((e) => e);
  const at = tunnel?.endpoint || announced?.split(",").join(" or ");
  return at ? `at ${at}` : "that announces no address and has to call us";
};
const by = (tunnel: Readonly<TunnelFact>): string => (tunnel.gateway ? ` (gateway ${tunnel.gateway})` : "");

/**
 * The tunnel to a peer as Kubernetes understands it; undefined: there is no fabric, or it has nothing to do with the
 * peer. Only what is steady is said: a message that changes with each probe would be a write each time.
 */
export const networkOf = (
  network: Readonly<NetworkFact> | undefined,
  tunnel: Readonly<TunnelFact> | undefined,
): NodeNetwork | undefined => {
  if (!network || network.state === "GONE") return undefined;
  const no = (reason: string, message: string): NodeNetwork => ({ unavailable: true, reason, message });
  if (network.state === "REFUSED")
    return no("NetworkRefused", [network.reason, network.message].filter(Boolean).join(": "));
  const at = addressOf(network, tunnel);
  if (tunnel?.state === "DISCONNECTED")
    return no(
      "TunnelDown",
      `no answer through the tunnel to the peer ${at}; last handshake ${tunnel.lastHandshake || "never"}${by(tunnel)}`,
    );
  if (tunnel?.state !== "CONNECTED")
    return no("TunnelConnecting", `no answer yet through the tunnel to the peer ${at}; last handshake never`);
  if (network.state === "PENDING")
    return no("TunnelConnecting", `the tunnel to the peer ${at} stands; addresses are being agreed on`);
  return { unavailable: false, reason: "TunnelConnected", message: `connected to the peer ${at}` };
};

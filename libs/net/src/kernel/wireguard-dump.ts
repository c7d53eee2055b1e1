import type { WireguardPeerStatus, WireguardStatus } from "./types.ts";

/** What `wg show all dump` tells of an interface. The private key stays inside the driver. */
export interface WireguardState extends WireguardStatus {
  readonly privateKey: string;
}

const none = (text = ""): boolean => text === "(none)" || text === "off" || text === "";

const peerOf = (fields: readonly string[]): WireguardPeerStatus => {
  const [publicKey = "", , endpoint, allowed, handshake, received, sent, keepalive] = fields;
  const lastHandshake = Number(handshake);
  return {
    publicKey,
    allowedIPs: none(allowed) ? [] : (allowed ?? "").split(","),
    receivedBytes: Number(received),
    sentBytes: Number(sent),
    keepaliveSeconds: none(keepalive) ? 0 : Number(keepalive),
    ...(endpoint === undefined || none(endpoint) ? {} : { endpoint }),
    ...(lastHandshake > 0 ? { lastHandshake } : {}),
  };
};

/** Lines of an interface: name, private key, public key, port, mark; then a line a peer that begins with the name too. */
export const parseDump = (text: string): Map<string, WireguardState> => {
  const devices = new Map<string, WireguardState & { peers: WireguardPeerStatus[] }>();
  for (const line of text.split("\n").filter(Boolean)) {
    const [name = "", ...fields] = line.split("\t");
    const known = devices.get(name);
    if (known) {
      known.peers.push(peerOf(fields));
      continue;
    }
    const [privateKey = "", publicKey = "", listenPort] = fields;
    devices.set(name, {
      name,
      privateKey: none(privateKey) ? "" : privateKey,
      publicKey: none(publicKey) ? "" : publicKey,
      listenPort: Number(listenPort),
      peers: [],
    });
  }
  return devices;
};

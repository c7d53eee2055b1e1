/** Somebody in the middle of the network: carries the packets of two WireGuard ends, keeps them, and sends them again. */
import { createSocket, type RemoteInfo } from "node:dgram";

export type RelayQuestion = "replay";
export interface RelayAnswer {
  /** How many packets with data went to the far end, at first and again. */
  sent: number;
}

/** The type of a WireGuard message is its first byte. */
const DATA = 4;
const [port = "0", target = ""] = process.argv.slice(2);
const [host = "", targetPort = "0"] = target.split(":");

const far = createSocket("udp4");
const near = createSocket("udp4");
const kept: Buffer[] = [];
let caller: RemoteInfo | undefined;
near.on("message", (packet, from) => {
  caller = from;
  if (packet[0] === DATA) kept.push(packet);
  far.send(packet, Number(targetPort), host);
});
far.on("message", (packet) => {
  if (caller) near.send(packet, caller.port, caller.address);
});
const replay = async (): Promise<RelayAnswer> => {
  const packets = [...kept];
  for (const packet of packets)
    await new Promise((done) => far.send(packet, Number(targetPort), host, () => done(undefined)));
  return { sent: packets.length };
};
process.on("message", () => void replay().then((answer) => process.send?.(answer)));
process.on("disconnect", () => process.exit(0));
near.bind(Number(port), () => process.send?.("ready"));

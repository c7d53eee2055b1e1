import { createSocket, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import { describeError, InvalidError } from "@tideway/errors";
import type { Logger } from "@tideway/log";
import type { Lan } from "../ports.ts";
import type { Address } from "../responder/state.ts";
import { isOnLink } from "./on-link.ts";

const GROUP = "224.0.0.251";
const PORT = 5353;
/** RFC 6762, section 11. */
const HOP_LIMIT = 255;

const netmaskOf = (address: string): string => {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const found = own.find((i) => i.address === address);
  if (!found || found.family !== "IPv4")
    throw new InvalidError(
      `MDNS_ADDRESS is ${address}, but no interface here has that IPv4 address: the agent must be in the host's network`,
    );
  return found.netmask;
};

const bind = (socket: Socket, address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(PORT, address, () => {
      socket.off("error", reject);
      resolve();
    });
  });

/**
 * Two sockets, both shared with other responders on the host: one bound to the group, which by that hears nothing that
 * was sent to this host alone from afar, and one bound to the address, which speaks and hears answers to us.
 */
export const openLan = async (address: string, log: Logger): Promise<Lan> => {
  const netmask = netmaskOf(address);
  const ear = createSocket({ type: "udp4", reuseAddr: true });
  const mouth = createSocket({ type: "udp4", reuseAddr: true });
  await Promise.all([bind(ear, GROUP), bind(mouth, address)]);
  ear.addMembership(GROUP, address);
  mouth.setMulticastInterface(address);
  mouth.setMulticastTTL(HOP_LIMIT);
  mouth.setMulticastLoopback(true);
  for (const socket of [ear, mouth])
    socket.on("error", (err) => log.warn({ reason: describeError(err) }, "local network"));
  const sending = new Set<Promise<void>>();
  const sendNow = (bytes: Buffer, to: Address | undefined): Promise<void> =>
    new Promise((done) => {
      mouth.send(bytes, to?.port ?? PORT, to?.address ?? GROUP, (err) => {
        if (err) log.debug({ reason: describeError(err) }, "packet not sent");
        done();
      });
    });
  return {
    address,
    send: (bytes, to) => {
      const sent = sendNow(bytes, to).finally(() => sending.delete(sent));
      sending.add(sent);
    },
    onPacket: (handler) => {
      for (const socket of [ear, mouth])
        socket.on("message", (bytes, { address: from, port }) =>
          handler(bytes, { address: from, port }, isOnLink(from, address, netmask)),
        );
    },
    close: async () => {
      await Promise.all(sending); // the last word must be out before the sockets go
      await Promise.all([ear, mouth].map((s) => new Promise<void>((done) => s.close(() => done()))));
    },
  };
};

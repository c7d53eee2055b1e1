import { createSocket, type Socket } from "node:dgram";
import { setTimeout as delay } from "node:timers/promises";
import { decodePacket, type DnsRecord, emptyPacket, encodePacket } from "@tideway/dnssd";
import type { FactOf } from "@tideway/protos";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSegment, type Host, sees, type Segment } from "./segment.ts";

/** A host of the segment that means no good, against the agent as a process: the audit tells of it, and briefly. */

const GROUP = "224.0.0.251";
const PORT = 5353;
const NAME = "east._tideway._tcp.local";
const TYPE = "_tideway._tcp.local";

/** The kernel drops what comes faster than it is read: few packets must be a flood. */
const FEW_PACKETS = { MDNS_PACKETS_PER_SECOND: "80" };

let segment: Segment;
let east: Host;
let west: Host;
const sockets: Socket[] = [];

const speakFrom = async (address: string): Promise<(bytes: Buffer) => Promise<void>> => {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  sockets.push(socket);
  await new Promise<void>((done) => socket.bind(0, address, done));
  socket.setMulticastInterface(address);
  return (bytes) => new Promise((sent) => socket.send(bytes, PORT, GROUP, () => sent()));
};
const said = (answers: DnsRecord[]): Buffer => encodePacket({ ...emptyPacket("response"), answers });
const pointerTo = (name: string, ttl = 120): DnsRecord => ({
  type: "PTR",
  name: TYPE,
  ttl,
  flush: false,
  target: `${name}.${TYPE}`,
});
const service = (port: number): DnsRecord => ({
  type: "SRV",
  name: NAME,
  ttl: 120,
  flush: true,
  target: "x.local",
  port,
});
const recordsOf = async (reason: string): Promise<FactOf["audit"][]> =>
  (await east.audit()).filter((r) => r.reason === reason);
const recorded = (reason: string): Promise<FactOf["audit"]> =>
  until(async () => (await recordsOf(reason))[0], {
    what: `a record ${reason}`,
    explain: async () => JSON.stringify(await east.audit()),
  });

let near: (bytes: Buffer) => Promise<void>;
let far: (bytes: Buffer) => Promise<void>;

beforeAll(async () => {
  segment = createSegment(120);
  [east, west] = [await segment.add("east"), await segment.add("west")];
  for (const h of [east, west]) h.start(FEW_PACKETS);
  await Promise.all([sees(east, west), sees(west, east)]);
  [near, far] = [await speakFrom(segment.stranger.near), await speakFrom(segment.stranger.far)];
});
afterAll(async () => {
  for (const s of sockets) s.close();
  await segment?.remove();
});

/** Far more than is read of one sender in a second, and no more than the kernel keeps while the agent is busy. */
const VOLLEY = 50;
const VOLLEY_MS = 10;
const LOOP = Buffer.from(`000084000001000000000000${"0161c0100161c00c"}000c0001`, "hex");

let flooded = 0;
const flood = (): Promise<void> => {
  flooded++;
  return near(LOOP);
};

describe("a host of the segment", () => {
  it.each<[string, string, () => Buffer, string]>([
    ["a name that points to itself", "Malformed", () => LOOP, "send-packet"],
    ["a packet of 9,001 bytes", "Oversized", () => Buffer.alloc(9_001), "send-packet"],
    ["a goodbye for this cluster", "ForgedGoodbye", () => said([pointerTo("east", 0)]), "say-goodbye"],
    [
      "a hundred clusters that are none",
      "TooManyAnnouncements",
      () => said(Array.from({ length: 100 }, (_, i) => pointerTo(`c${i}`))),
      "announce",
    ],
    ["its own address under this cluster's name", "NameTaken", () => said([service(1)]), "announce"],
  ])("that sends %s is in the audit as %s, by its address", async (_, reason, packet, action) => {
    await near(packet());
    expect(await recorded(reason)).toMatchObject({
      outcome: "DENIED",
      action,
      actorAddress: segment.stranger.near,
      count: 1,
    });
  });

  it("that cannot be of it is in the audit, and is not read", async () => {
    await far(said([pointerTo("east", 0)]));
    expect(await recorded("OffLink")).toMatchObject({ actorAddress: segment.stranger.far });
    expect(await recordsOf("ForgedGoodbye")).toHaveLength(1);
  });

  it("that floods it hides nobody, and leaves no more records than it has kinds of faults", async () => {
    await west.end();
    await sees(east);
    west.start(FEW_PACKETS);
    let done = false;
    const found = sees(east, west);
    const stop = (): void => void (done = true);
    void found.then(stop, stop);
    for (; !done; await delay(VOLLEY_MS)) for (let i = 0; i < VOLLEY; i++) await flood();
    await found;
    await recorded("Flooded");
    const all = await east.audit();
    const kinds = new Set(all.map((r) => `${r.actorAddress} ${r.reason}`));
    expect(all.length).toBe(kinds.size);
    await sees(west, east);
  });

  it("is counted to the last packet in what the agent says at its end", async () => {
    expect(decodePacket(LOOP)).toBe("Malformed");
    await east.end();
    const count = async (...reasons: string[]): Promise<number> =>
      (await east.audit()).filter((r) => reasons.includes(r.reason)).reduce((n, r) => n + r.count, 0);
    await until(async () => (await count("Flooded")) > 20, { what: "the counts" });
    // one before the flood; what the kernel dropped the agent has not seen
    expect(await count("Malformed", "Flooded")).toBeLessThanOrEqual(flooded + 1);
  });
});

import dns from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromTxt, toTxt, type Announcement } from "./announcement.ts";
import { instanceName, instanceOf, LOCAL, serviceName } from "./names.ts";
import {
  decodePacket,
  type DnsRecord,
  emptyPacket,
  encodePacket,
  MAX_PACKET,
  type Packet,
} from "./packet.ts";
import { compareSets, sameRecord } from "./wire-data.ts";

const WEST: Announcement = {
  clusterID: "22222222-2222-2222-2222-222222222222",
  clusterName: "west",
  version: "1.0",
  endpoint: "192.0.2.1:30443",
  pin: `sha256/${"A".repeat(43)}=`,
};
const NAME = instanceName("west", LOCAL);
const SRV: DnsRecord = { type: "SRV", name: NAME, ttl: 120, flush: true, target: "w.local", port: 30443 };
const TXT: DnsRecord = { type: "TXT", name: NAME, ttl: 120, flush: true, strings: toTxt(WEST) };
const PTR: DnsRecord = { type: "PTR", name: serviceName(LOCAL), ttl: 120, flush: false, target: NAME };

const packet = (more: Partial<Packet>): Packet => ({ ...emptyPacket("response"), ...more });
const read = (bytes: Buffer): Packet => {
  const p = decodePacket(bytes);
  if (typeof p === "string") throw new Error(p);
  return p;
};

describe("a packet", () => {
  it("is read as it was written", () => {
    const sent = packet({
      id: 7,
      kind: "query",
      authoritative: false,
      truncated: true,
      questions: [
        { name: serviceName(LOCAL), type: "PTR", unicast: true },
        { name: NAME, type: "ANY", unicast: false },
      ],
      answers: [PTR],
      authorities: [SRV, TXT],
      additionals: [
        { type: "A", name: "w.local", ttl: 1, flush: true, address: "192.0.2.1" },
        { type: "AAAA", name: "w.local", ttl: 0, flush: true, address: "2001:db8::1" },
      ],
    });
    expect(read(encodePacket(sent))).toEqual(sent);
  });

  it("has its names folded, and records of other types and classes left out", () => {
    const bytes = dns.encode({
      type: "response",
      answers: [
        { type: "PTR", name: "_Tideway._TCP.local", ttl: 1, data: "West._tideway._tcp.local" },
        { type: "MX", name: "x.local", ttl: 1, data: { exchange: "y.local" } },
        { type: "A", name: "x.local", ttl: 1, class: "CH", data: "192.0.2.1" },
      ],
    });
    expect(read(bytes).answers).toEqual([{ ...PTR, ttl: 1 }]);
  });

  it.each<[string, Buffer, string]>([
    ["is too large", Buffer.alloc(MAX_PACKET + 1), "Oversized"],
    ["has no header", Buffer.alloc(11), "Malformed"],
    ["counts more than it has room for", Buffer.from("000084000000ffff00000000", "hex"), "Malformed"],
    [
      "has a name that points to itself",
      Buffer.from("00008400000100000000 0000c00c000c0001".replace(" ", ""), "hex"),
      "Malformed",
    ],
    [
      "has two names that point to each other",
      Buffer.from("000084000001000000000000" + "0161c0100161c00c" + "000c0001", "hex"),
      "Malformed",
    ],
    ["is no query", Buffer.from("000028000000000000000000", "hex"), "Malformed"],
  ])("that %s is not read", (_, bytes, why) => {
    expect(decodePacket(bytes)).toBe(why);
  });

  it("of any bytes is read or refused, and never breaks the reader", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(decodePacket(Buffer.from(bytes))).toBeDefined();
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what is announced", () => {
  it("is read as it was written, whatever else is in the record", () => {
    expect(fromTxt(toTxt(WEST))).toEqual(WEST);
    expect(fromTxt(["future=1", "=x", "flag", ...toTxt(WEST), "ID=other"])).toEqual(WEST);
  });

  it("takes the address of the SRV record where it names none", () => {
    const without = toTxt(WEST).filter((s) => !s.startsWith("ep="));
    expect(fromTxt(without)).toBeUndefined();
    expect(fromTxt(without, "west.example.org:443")).toEqual({ ...WEST, endpoint: "west.example.org:443" });
  });

  it.each([
    ["another version of the record", "txtvers=2"],
    ["an ID that no cluster has", "id=../../x"],
    ["a name that no cluster has", "name=West Side"],
    ["no version", "v=x"],
    ["an address without a port", "ep=192.0.2.1"],
    ["a pin that is none", "pin=sha256/AAAA"],
  ])("with %s is nothing", (_, line) => {
    const key = `${line.split("=")[0]}=`;
    expect(fromTxt([...toTxt(WEST).filter((s) => !s.startsWith(key)), line])).toBeUndefined();
  });
});

describe("names", () => {
  it.each([
    [NAME, "west"],
    ["WEST._tideway._tcp.LOCAL.", "west"],
    ["_tideway._tcp.local", undefined],
    ["a.b._tideway._tcp.local", undefined],
    ["west._other._tcp.local", undefined],
    [`${"x".repeat(64)}._tideway._tcp.local`, undefined],
  ])("%s is the instance %s", (name, instance) => {
    expect(instanceOf(name, LOCAL)).toBe(instance);
  });
});

describe("records compared", () => {
  it("are the same whatever their time to live", () => {
    expect(sameRecord(SRV, { ...SRV, ttl: 0 })).toBe(true);
    expect(sameRecord(SRV, { ...SRV, port: 1 })).toBe(false);
    expect(sameRecord(SRV, { ...SRV, name: "x.local" })).toBe(false);
  });

  it("have an order that both hosts see alike: by type, then by their bytes, then by how many there are", () => {
    const other: DnsRecord = { ...SRV, port: 40_000 };
    expect(compareSets([SRV, TXT], [TXT, SRV])).toBe(0);
    expect(compareSets([other, TXT], [SRV, TXT])).toBeGreaterThan(0);
    expect(compareSets([SRV, TXT], [other, TXT])).toBeLessThan(0);
    expect(compareSets([TXT], [SRV])).toBeLessThan(0);
    expect(compareSets([TXT, SRV], [TXT])).toBeGreaterThan(0);
  });
});

import {
  type DnsRecord,
  emptyPacket,
  instanceName,
  LOCAL,
  type Packet,
  serviceName,
  toTxt,
} from "@tideway/dnssd";
import { describe, expect, it } from "vitest";
import { allOf } from "./responder/records.ts";
import { clusterOf, type Host, LOCAL_TYPE, simulate, type Simulation } from "./simulation.ts";

const EAST = clusterOf("east", 1);
const WEST = clusterOf("west", 2);
const NORTH = clusterOf("north", 3);

const three = (s: Simulation, ttl?: number): [Host, Host, Host] => [
  s.join(EAST, ttl),
  s.join(WEST, ttl),
  s.join(NORTH, ttl),
];
const ids = (...list: { clusterID: string }[]): string[] => list.map((c) => c.clusterID);
const response = (...answers: DnsRecord[]): Packet => ({ ...emptyPacket("response"), answers });
const recordsAt = (h: Host): DnsRecord[] => allOf(h.responder!.own);
const answersOf = (h: Host, since: number): DnsRecord[] =>
  h.sent.filter((p) => p.at >= since && p.packet.kind === "response").flatMap((p) => p.packet.answers);
const ask = (o: Partial<Packet> = {}): Packet => ({
  ...emptyPacket("query"),
  questions: [{ name: LOCAL_TYPE, type: "PTR", unicast: false }],
  ...o,
});

describe.each([1, 2, 3])("three clusters on one network (seed %i)", (seed) => {
  it("see each other within two seconds", () => {
    const s = simulate(seed);
    const hosts = three(s);
    s.passTo(2000);
    for (const h of hosts) expect(h.sees()).toEqual(ids(EAST, WEST, NORTH));
  });

  it("of which one says goodbye forget it within a second, and no other", () => {
    const s = simulate(seed);
    const [east, west, north] = three(s);
    s.passTo(10_000);
    s.leave(north);
    s.passTo(11_000);
    expect(east.sees()).toEqual(ids(EAST, WEST));
    expect(west.sees()).toEqual(ids(EAST, WEST));
  });

  it("of which one dies without a word forget it when its time is over, and no other", () => {
    const s = simulate(seed);
    const [east, west, north] = three(s, 10);
    s.passTo(60_000);
    s.die(north);
    s.passTo(61_000);
    expect(east.sees()).toContain(NORTH.clusterID);
    s.passTo(70_100);
    expect(east.sees()).toEqual(ids(EAST, WEST));
    s.passTo(600_000);
    expect(west.sees()).toEqual(ids(EAST, WEST));
  });

  it("that have the same name end with different ones, and see each other", () => {
    const s = simulate(seed);
    const same = [clusterOf("west", 4), clusterOf("west", 5), clusterOf("west", 6)];
    const hosts = same.map((a) => s.join(a));
    s.passTo(15_000);
    expect(new Set(hosts.map((h) => h.responder?.own.instance)).size).toBe(3);
    for (const h of hosts) expect(h.sees()).toEqual(ids(...same).sort());
  });
});

it("three probes a quarter of a second apart come before two announcements a second apart", () => {
  const s = simulate();
  const h = s.join(EAST);
  s.passTo(5000);
  const probes = h.sent.filter((p) => p.packet.authorities.length > 0);
  const told = h.sent.filter((p) => p.packet.kind === "response");
  expect(probes.map((p) => Math.round(p.at - probes[0]!.at))).toEqual([0, 250, 500]);
  expect(told.map((p) => Math.round(p.at - probes[0]!.at))).toEqual([750, 1750]);
  expect(probes[0]?.packet.questions.every((q) => q.type === "ANY" && q.unicast)).toBe(true);
  expect(told[0]?.packet.answers.map((r) => [r.type, r.flush])).toEqual([
    ["PTR", false],
    ["PTR", false],
    ["SRV", true],
    ["TXT", true],
    ["A", true],
  ]);
});

it("a second agent of the same cluster is no conflict", () => {
  const s = simulate();
  const [a, b] = [s.join(EAST), s.join(EAST)];
  s.passTo(10_000);
  expect([a, b].map((h) => h.responder?.own.instance)).toEqual(["east", "east"]);
});

describe("an answer", () => {
  const settled = (): { s: Simulation; h: Host; pointer: DnsRecord } => {
    const s = simulate();
    const h = s.join(EAST);
    s.passTo(60_000);
    return { s, h, pointer: recordsAt(h)[0]! };
  };

  it("brings everything with it, within 120 ms", () => {
    const { s, h } = settled();
    s.inject(ask());
    s.passTo(60_120);
    const [answer] = h.sent.filter((p) => p.at >= 60_000 && p.packet.kind === "response");
    expect(answer?.packet.answers.map((r) => r.type)).toEqual(["PTR"]);
    expect(answer?.packet.additionals.map((r) => r.type)).toEqual(["SRV", "TXT", "A"]);
    expect(answer?.at).toBeGreaterThanOrEqual(60_020);
  });

  it("is not given to who knows it for at least half of its time yet", () => {
    const { s, h, pointer } = settled();
    s.inject(ask({ answers: [{ ...pointer, ttl: 60 }] }));
    s.passTo(61_000);
    expect(answersOf(h, 60_000)).toEqual([]);
    s.inject(ask({ answers: [{ ...pointer, ttl: 59 }] }));
    s.passTo(62_000);
    expect(answersOf(h, 61_000)).toEqual([pointer]);
  });

  it("waits for what the asker knows besides, where that did not fit", () => {
    const { s, h, pointer } = settled();
    s.inject(ask({ truncated: true }));
    s.inject(ask({ questions: [], answers: [pointer] }));
    s.passTo(61_000);
    expect(answersOf(h, 60_000)).toEqual([]);
  });

  it("is given once a second however often it is asked for", () => {
    const { s, h } = settled();
    for (let ms = 60_000; ms < 65_000; ms += 10) {
      s.passTo(ms);
      s.inject(ask());
    }
    expect(answersOf(h, 60_000).length).toBeLessThanOrEqual(6);
  });

  it("goes to the asker alone where it wants so, and everybody was told a moment ago", () => {
    const { s, h } = settled();
    s.inject(ask());
    s.passTo(61_500);
    s.inject(ask({ questions: [{ name: LOCAL_TYPE, type: "PTR", unicast: true }] }));
    expect(h.sent.at(-1)).toMatchObject({ to: { address: "192.0.2.99" } });
  });

  it("to a resolver that knows nothing of multicast repeats its question, and is not to be kept", () => {
    const { s, h } = settled();
    s.inject(ask({ id: 77 }), { address: "192.0.2.98", port: 40_000 });
    const { packet, to } = h.sent.at(-1)!;
    expect(to).toEqual({ address: "192.0.2.98", port: 40_000 });
    expect(packet).toMatchObject({ id: 77, questions: [{ name: LOCAL_TYPE }] });
    expect(packet.answers.every((r) => r.ttl <= 10 && !r.flush)).toBe(true);
  });
});

describe("what somebody sends who means no good", () => {
  const settled = (ttl?: number): { s: Simulation; east: Host; west: Host } => {
    const s = simulate();
    const [east, west] = [s.join(EAST, ttl), s.join(WEST, ttl)];
    s.passTo(10_000);
    return { s, east, west };
  };

  it("a forged goodbye makes nobody forget: who is meant says that it is still there", () => {
    const { s, east, west } = settled();
    for (let ms = 10_000; ms < 20_000; ms += 700) {
      s.inject(response(...recordsAt(west).map((r) => ({ ...r, ttl: 0 }))));
      s.passTo(ms + 690);
      expect(east.sees()).toContain(WEST.clusterID);
    }
  });

  it("with our name in it makes us look for another one, more slowly each time, and we come back", () => {
    const { s, east, west } = settled();
    const forged = toTxt({ ...clusterOf("west", 9) });
    for (let ms = 10_000; ms < 100_000; ms += 50) {
      const name = instanceName(west.responder!.own.instance, LOCAL);
      s.inject(response({ type: "TXT", name, ttl: 120, flush: true, strings: forged }));
      s.passTo(ms + 50);
    }
    expect(west.responder?.attempt).toBeLessThan(200);
    s.passTo(160_000);
    expect(west.responder?.phase).toBe("established");
    expect(east.sees()).toContain(WEST.clusterID);
  });

  /** `senders` of them; 1: the host that means no good. */
  const flood = (s: Simulation, count: number, ttl: number, senders: number): void => {
    for (let i = 0; i < count; i++) {
      const name = instanceName(`x${i}`, LOCAL);
      const from = { address: `192.0.2.${i % senders}`, port: 5353 };
      s.inject(
        response(
          { type: "PTR", name: serviceName(LOCAL), ttl, flush: false, target: name },
          { type: "SRV", name, ttl, flush: true, target: "x.local", port: 1 },
          { type: "TXT", name, ttl, flush: true, strings: toTxt(clusterOf(`x${i}`, 7)) },
        ),
        from,
      );
    }
  };

  it("more announcements than there is room for displace nobody who is there", () => {
    const { s, east } = settled();
    flood(s, 500, 4500, 10);
    expect(east.browser.instances.size).toBe(64);
    s.passTo(200_000);
    expect(east.sees()).toEqual(expect.arrayContaining(ids(EAST, WEST)));
  });

  it("announcements of one sender take a quarter of the room, so that who comes later is seen", () => {
    const { s, east } = settled();
    flood(s, 500, 4500, 1);
    expect(east.browser.instances.size).toBe(2 + 16);
    const north = clusterOf("north", 3);
    s.join(north);
    s.passTo(s.now() + 3000);
    expect(east.sees()).toContain(north.clusterID);
  });

  it.each([
    ["of one sender come in slowly, and leave room for those of others", 1, 48, 64],
    ["of many come in slowly", 10, 0, 2],
  ])("announcements that last no time %s, and are forgotten", (_, senders, least, most) => {
    const { s, east } = settled();
    for (let i = 0; i < 60; i++) {
      flood(s, 70, 1, senders);
      s.passTo(s.now() + 1000);
    }
    expect(east.browser.allowance.left).toBeGreaterThanOrEqual(least);
    expect(east.browser.allowance.left).toBeLessThan(most);
    s.passTo(s.now() + 5000);
    expect(east.sees()).toEqual(ids(EAST, WEST));
  });

  it("short lives make nobody ask without end", () => {
    const { s, east } = settled();
    for (let i = 0; i < 100; i++) {
      flood(s, 60, 1, 10);
      s.passTo(s.now() + 100);
    }
    const asked = east.sent.filter((p) => p.at >= 10_000 && p.packet.kind === "query");
    expect(asked.length).toBeLessThan(300); // 12 packets twice a second at the most
  });

  it("an announcement that is not sound is nobody, and names that are not ours are nothing", () => {
    const { s, east } = settled();
    const name = instanceName("x", LOCAL);
    const pointer: DnsRecord = {
      type: "PTR",
      name: serviceName(LOCAL),
      ttl: 120,
      flush: false,
      target: name,
    };
    s.inject(response(pointer, { ...pointer, target: "x.example.org" }));
    s.inject(response({ type: "SRV", name, ttl: 120, flush: true, target: "x.local", port: 1 }));
    s.inject(response({ type: "TXT", name, ttl: 120, flush: true, strings: ["id=../../etc", "ep=x"] }));
    expect(east.browser.instances.size).toBe(3);
    expect(east.sees()).toEqual(ids(EAST, WEST));
  });
});

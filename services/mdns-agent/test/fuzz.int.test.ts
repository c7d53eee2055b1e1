/** Packets that nobody in his senses sends, against the decoder and both state machines that the agent runs. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { decodePacket, encodePacket, type Packet } from "@tideway/dnssd";
import { describe, expect, it } from "vitest";
import { nextMs as browserMs, startBrowser } from "../src/browser/state.ts";
import { hear, onTime as onBrowserTime, seenBy } from "../src/browser/step.ts";
import { nextMs as responderMs, startResponder } from "../src/responder/state.ts";
import { onPacket, onTime } from "../src/responder/step.ts";
import { clusterOf, LIMITS, seeded, simulate } from "../src/simulation.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const PACKETS = 600_000;
const HEAP_MB = 8;

/** What real hosts send each other: probes, announcements, questions with known answers, answers, goodbyes. */
const recorded = (): Buffer[] => {
  const s = simulate(7);
  const hosts = ["east", "west", "west"].map((name, i) => s.join(clusterOf(name, i + 1), 10));
  s.passTo(60_000);
  s.leave(hosts[1]!);
  s.passTo(61_000);
  const all = hosts.flatMap((h) => h.sent.map((p) => encodePacket(p.packet)));
  return [...new Map(all.map((b) => [b.toString("base64"), b])).values()];
};

const int = (random: () => number, below: number): number => Math.floor(random() * below);

type Mutate = (b: Buffer, random: () => number, corpus: readonly Buffer[]) => Buffer;
const MUTATIONS: readonly Mutate[] = [
  (_, r) => Buffer.from(Array.from({ length: int(r, 120) }, () => int(r, 256))),
  (b, r) => {
    for (let n = 1 + int(r, 8); n > 0; n--) b[int(r, b.length)] = int(r, 256);
    return b;
  },
  (b, r) => {
    for (let n = 1 + int(r, 4); n > 0; n--) b[int(r, b.length)]! ^= 1 << int(r, 8);
    return b;
  },
  (b, r) => b.subarray(0, int(r, b.length)),
  // pointers, to anywhere: themselves, each other, ahead
  (b, r) => {
    for (let n = 1 + int(r, 6); n > 0; n--)
      b.writeUInt16BE(0xc000 | int(r, b.length), 12 + int(r, b.length - 14));
    return b;
  },
  // counts that are not true
  (b, r) => {
    b.writeUInt16BE(int(r, 4) === 0 ? 0xffff : int(r, 40), 4 + 2 * int(r, 4));
    return b;
  },
  // a piece of another packet, or of itself again and again
  (b, r, corpus) => {
    const other = corpus[int(r, corpus.length)]!;
    return Buffer.concat([
      b.subarray(0, 12 + int(r, b.length - 12)),
      other.subarray(12 + int(r, other.length - 12)),
    ]);
  },
  (b, r) => Buffer.concat([b, ...Array.from({ length: int(r, 12) }, () => b.subarray(12))]),
  // longer than anything that is read, once in a while: a large buffer costs more than all else here
  (b, r) => (int(r, 50) === 0 ? Buffer.concat([b, Buffer.alloc(9000)]) : b.subarray(0, 12)),
];

/** Sound packets with other names, lives and addresses: what the decoder takes has to be borne by what comes after it. */
const varied = (p: Packet, random: () => number): Packet => {
  const label = `n${int(random, 100_000)}`;
  const ttls = [0, 1, 2, 120, 4500, 0xffffffff];
  const change = (name: string): string =>
    random() < 0.5 ? name.replace(/^(east|west)(-\d+)?\./, `${label}.`) : name;
  const records = (list: Packet["answers"]): Packet["answers"] =>
    list.map((r) => {
      const name = change(r.name);
      const ttl = ttls[int(random, ttls.length)]!;
      return r.type === "PTR" ? { ...r, name, ttl, target: change(r.target) } : { ...r, name, ttl };
    });
  return {
    ...p,
    answers: records(p.answers),
    additionals: records(p.additionals),
    authorities: records(p.authorities),
  };
};

describe(`${PACKETS} packets from nowhere`, () => {
  it("break nothing, leave nothing behind, and hide nobody who is there", { timeout: 300_000 }, () => {
    const random = seeded(20_261_126);
    const corpus = recorded();
    expect(corpus.length).toBeGreaterThan(20);
    const read = corpus.flatMap((b) => {
      const p = decodePacket(b);
      return typeof p === "string" ? [] : [p];
    });
    let now = 0;
    const turn = () => ({ now, random: random() });
    let responder = startResponder({ announcement: clusterOf("east", 1), ttl: 120 }, turn());
    let browser = startBrowser(LIMITS, now, random());
    const counts = { Oversized: 0, Malformed: 0, read: 0, sent: 0 };

    const next = (): Buffer => {
      if (random() < 0.2) return encodePacket(varied(read[int(random, read.length)]!, random));
      const mutate = MUTATIONS[int(random, MUTATIONS.length)]!;
      return mutate(Buffer.from(corpus[int(random, corpus.length)]!), random, corpus);
    };
    const take = (bytes: Buffer): void => {
      const packet = decodePacket(bytes);
      if (typeof packet === "string") return void counts[packet]++;
      counts.read++;
      const from = { address: `192.0.2.${int(random, 256)}`, port: random() < 0.9 ? 5353 : 40_000 };
      const step = onPacket(responder, packet, from, turn());
      responder = step.state;
      for (const o of step.send) counts.sent += encodePacket(o.packet).length > 0 ? 1 : 0;
      browser = hear(browser, packet, from.address, now).state;
    };
    const pass = (): void => {
      if (responderMs(responder) <= now) {
        const step = onTime(responder, turn());
        responder = step.state;
        for (const o of step.send) encodePacket(o.packet);
      }
      if (browserMs(browser) <= now) {
        const step = onBrowserTime(browser, now);
        browser = step.state;
        for (const packet of step.send) expect(encodePacket(packet).length).toBeLessThan(9000);
      }
      expect(browser.instances.size).toBeLessThanOrEqual(LIMITS.instances);
      expect(browser.allowances.size).toBeLessThanOrEqual(2 * LIMITS.instances);
      expect(responder.pending.length).toBeLessThanOrEqual(17);
    };
    const run = (packets: number): void => {
      for (let i = 0; i < packets; i++) {
        now += 2;
        take(next());
        if (i % 16 === 0) pass();
      }
    };

    run(PACKETS / 6); // what is compiled and kept once is kept by now
    collect();
    const before = process.memoryUsage().heapUsed;
    run((PACKETS / 6) * 5);
    collect();
    const grownMB = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    expect(grownMB).toBeLessThan(HEAP_MB);
    expect(counts.Oversized).toBeGreaterThan(100);
    expect(counts.read).toBeGreaterThan(PACKETS / 5);
    expect(counts.Malformed).toBeGreaterThan(PACKETS / 5);

    // it goes on as if nothing had been: the real neighbour is seen as soon as there is room for it
    now += 4_600_000;
    pass();
    for (const b of corpus) take(b);
    expect(seenBy(browser).size).toBeGreaterThan(0);
    console.log({ ...counts, grownMB: Number(grownMB.toFixed(2)) });
  });
});

/** For tests: hosts on one network with a clock of its own, on which every packet is encoded, sent to all, and decoded. */
import { type Announcement, decodePacket, encodePacket, LOCAL, type Packet } from "@tideway/dnssd";
import { type Browser, type Limits, nextMs as browserMs, startBrowser } from "./browser/state.ts";
import { hear, onTime as onBrowserTime, seenBy } from "./browser/step.ts";
import {
  type Address,
  nextMs as responderMs,
  type Outgoing,
  type Responder,
  startResponder,
} from "./responder/state.ts";
import { goodbye, onPacket, onTime } from "./responder/step.ts";

export const PIN = `sha256/${"A".repeat(43)}=`;
export const clusterOf = (name: string, n: number): Announcement => ({
  clusterID: `${String(n).repeat(8)}-0000-0000-0000-000000000000`,
  clusterName: name,
  version: "1.0",
  endpoint: `192.0.2.${n}:30443`,
  pin: PIN,
});
export const LIMITS: Limits = { instances: 64, newPerMinute: 6 };

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed (mulberry32). */
export const seeded = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

export interface Host {
  address: Address;
  browser: Browser;
  responder: Responder | undefined;
  /** Packets that it sent, with the time. */
  sent: { at: number; packet: Packet; to: Address | undefined }[];
  alive: boolean;
  /** Cluster IDs that it sees, itself too. */
  sees(): string[];
}

export interface Simulation {
  now(): number;
  join(announcement: Announcement, ttl?: number): Host;
  /** Says goodbye. */
  leave(h: Host): void;
  /** Without a word. */
  die(h: Host): void;
  /** A packet of somebody else. */
  inject(packet: Packet, from?: Address): void;
  passTo(ms: number): void;
}

const STRANGER: Address = { address: "192.0.2.99", port: 5353 };

export const simulate = (seed = 1): Simulation => {
  const random = seeded(seed);
  const hosts: Host[] = [];
  let now = 0;
  const turn = () => ({ now, random: random() });

  const deliver = (bytes: Buffer, from: Address): void => {
    for (const h of hosts) {
      const packet = decodePacket(bytes);
      if (!h.alive || typeof packet === "string") continue;
      h.browser = hear(h.browser, packet, from.address, now).state;
      if (!h.responder) continue;
      const step = onPacket(h.responder, packet, from, turn());
      h.responder = step.state;
      sendAll(h, step.send);
    }
  };
  const sendAll = (h: Host, list: readonly Outgoing[]): void => {
    for (const { packet, to } of list) {
      h.sent.push({ at: now, packet, to });
      if (!to) deliver(encodePacket(packet), h.address);
    }
  };
  const tick = (h: Host): void => {
    if (h.responder && responderMs(h.responder) <= now) {
      const step = onTime(h.responder, turn());
      h.responder = step.state;
      sendAll(h, step.send);
    }
    if (browserMs(h.browser) <= now) {
      const step = onBrowserTime(h.browser, now);
      h.browser = step.state;
      sendAll(
        h,
        step.send.map((packet) => ({ packet })),
      );
    }
  };
  const nextOf = (h: Host): number =>
    h.alive ? Math.min(browserMs(h.browser), h.responder ? responderMs(h.responder) : Infinity) : Infinity;

  return {
    now: () => now,
    join: (announcement, ttl = 120) => {
      const h: Host = {
        address: { address: `192.0.2.${hosts.length + 100}`, port: 5353 },
        browser: startBrowser(LIMITS, now, random()),
        responder: startResponder({ announcement, ttl }, turn()),
        sent: [],
        alive: true,
        sees: () => [...seenBy(h.browser).values()].map((s) => s.announcement.clusterID).sort(),
      };
      hosts.push(h);
      return h;
    },
    leave: (h) => {
      if (h.responder) sendAll(h, goodbye(h.responder));
      h.alive = false;
    },
    die: (h) => void (h.alive = false),
    inject: (packet, from = STRANGER) => deliver(encodePacket(packet), from),
    passTo: (ms) => {
      for (;;) {
        const next = Math.min(...hosts.map(nextOf));
        if (next > ms) break;
        now = Math.max(now, next);
        for (const h of hosts) if (h.alive && nextOf(h) <= now) tick(h);
      }
      now = ms;
    },
  };
};

export const LOCAL_TYPE = `_tideway._tcp.${LOCAL}`;

/** The one loop around both state machines: packets, one timer, and what follows from them. */
import { decodePacket, encodePacket, type Packet } from "@tideway/dnssd";
import { type Browser, type Limits, nextMs as browserMs, type Seen, startBrowser } from "./browser/state.ts";
import { hear, onTime as onBrowserTime, seenBy } from "./browser/step.ts";
import type { AgentMetrics } from "./metrics.ts";
import type { Clock, Lan } from "./ports.ts";
import type { Offer } from "./responder/records.ts";
import {
  type Address,
  changeOffer,
  nextMs as responderMs,
  type Outgoing,
  type Responder,
  startResponder,
} from "./responder/state.ts";
import { goodbye, onPacket as onResponderPacket, onTime as onResponderTime } from "./responder/step.ts";

export interface AgentOptions {
  lan: Lan;
  clock: Clock;
  random: () => number;
  limits: Limits;
  packetsPerSecond: number;
  metrics: AgentMetrics;
  /** Called whenever somebody may have come or gone; gives when to call again at the latest, ms. */
  onSeen(seen: ReadonlyMap<string, Seen>, now: number): number;
}

export interface Agent {
  /** What is announced; undefined: nothing, and what was is taken back. */
  offer(o: Offer | undefined): void;
  /** Looks again at who is seen. */
  look(): void;
  /** Says goodbye. */
  stop(): void;
}

/** Longest sleep, ms: a timer of Node takes no more than 24 days. */
const MAX_SLEEP_MS = 3_600_000;

export const createAgent = (o: AgentOptions): Agent => {
  const turn = () => ({ now: o.clock.now(), random: o.random() });
  let browser: Browser = startBrowser(o.limits, o.clock.now(), o.random());
  let responder: Responder | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let seenDueMs = Infinity;
  let budget = o.packetsPerSecond;
  let budgetMs = o.clock.now();

  const send = (packet: Packet, to?: Address): void => {
    o.metrics.sent();
    o.lan.send(encodePacket(packet), to);
  };
  const sendAll = (list: readonly Outgoing[]): void => {
    for (const { packet, to } of list) send(packet, to);
  };
  const setResponder = (next: Responder): void => {
    if (responder && next.attempt !== responder.attempt) o.metrics.conflict();
    responder = next;
  };
  const settle = (): void => {
    if (stopped) return;
    const now = o.clock.now();
    seenDueMs = o.onSeen(seenBy(browser), now);
    const next = Math.min(browserMs(browser), responder ? responderMs(responder) : Infinity, seenDueMs);
    clearTimeout(timer);
    timer = setTimeout(onTimer, Math.min(Math.max(0, next - now), MAX_SLEEP_MS));
  };
  const onTimer = (): void => {
    const t = turn();
    if (responder && responderMs(responder) <= t.now) {
      const step = onResponderTime(responder, t);
      setResponder(step.state);
      sendAll(step.send);
    }
    if (browserMs(browser) <= t.now) {
      const step = onBrowserTime(browser, t.now);
      browser = step.state;
      for (const packet of step.send) send(packet);
    }
    settle();
  };
  /** A bucket: who floods the network does not make us read all of it. */
  const mayRead = (now: number): boolean => {
    const more = ((now - budgetMs) / 1000) * o.packetsPerSecond;
    budget = Math.min(o.packetsPerSecond, budget + Math.max(0, more));
    budgetMs = now;
    if (budget < 1) return false;
    budget--;
    return true;
  };
  const onPacket = (bytes: Buffer, from: Address): void => {
    const t = turn();
    if (stopped) return;
    if (!mayRead(t.now)) return o.metrics.received("Flooded");
    const packet = decodePacket(bytes);
    if (typeof packet === "string") return o.metrics.received(packet);
    o.metrics.received("Read");
    if (responder) {
      const step = onResponderPacket(responder, packet, from, t);
      setResponder(step.state);
      sendAll(step.send);
    }
    const heard = hear(browser, packet, t.now);
    browser = heard.state;
    if (heard.refused > 0) o.metrics.refused(heard.refused);
    settle();
  };

  o.metrics.watch({ instances: () => browser.instances.size, phase: () => responder?.phase ?? "silent" });
  o.lan.onPacket(onPacket);
  settle();
  return {
    offer: (offer) => {
      if (!offer) {
        if (responder) sendAll(goodbye(responder));
        responder = undefined;
      } else responder = responder ? changeOffer(responder, offer, turn()) : startResponder(offer, turn());
      settle();
    },
    look: settle,
    stop: () => {
      if (responder) sendAll(goodbye(responder));
      stopped = true;
      clearTimeout(timer);
    },
  };
};

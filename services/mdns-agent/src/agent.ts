/** The one loop around both state machines: packets, one timer, and what follows from them. */
import { decodePacket, encodePacket, type Packet } from "@tideway/dnssd";
import { type Browser, type Limits, nextMs as browserMs, type Seen, startBrowser } from "./browser/state.ts";
import { hear, onTime as onBrowserTime, seenBy } from "./browser/step.ts";
import { createBudget } from "./budget.ts";
import type { Fault } from "./faults.ts";
import type { AgentMetrics, Unread } from "./metrics.ts";
import type { Clock, Lan } from "./ports.ts";
import type { Offer } from "./responder/records.ts";
import {
  type Address,
  changeOffer,
  nextMs as responderMs,
  type Outgoing,
  type Responder,
  startResponder,
  type Turn,
} from "./responder/state.ts";
import {
  goodbye,
  isDisputed,
  isForgedGoodbye,
  onPacket as onResponderPacket,
  onTime as onResponderTime,
} from "./responder/step.ts";

export interface AgentOptions {
  lan: Lan;
  clock: Clock;
  random: () => number;
  limits: Limits;
  packetsPerSecond: number;
  metrics: AgentMetrics;
  /** Somebody sent what nobody in his senses sends. */
  onFault(fault: Fault, from: Address): void;
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
  const mayRead = createBudget(o.packetsPerSecond);

  const send = (packet: Packet, to?: Address): void => {
    o.metrics.sent();
    o.lan.send(encodePacket(packet), to);
  };
  const sendAll = (list: readonly Outgoing[]): void => {
    for (const { packet, to } of list) send(packet, to);
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
      responder = step.state;
      sendAll(step.send);
    }
    if (browserMs(browser) <= t.now) {
      const step = onBrowserTime(browser, t.now);
      browser = step.state;
      for (const packet of step.send) send(packet);
    }
    settle();
  };
  const refuse = (why: Unread, from: Address): void => {
    o.metrics.received(why);
    o.onFault(why, from);
  };
  const respond = (r: Responder, packet: Packet, from: Address, t: Turn): void => {
    if (isForgedGoodbye(r, packet)) o.onFault("ForgedGoodbye", from);
    const step = onResponderPacket(r, packet, from, t);
    if (step.state.attempt !== r.attempt) o.metrics.conflict();
    if (isDisputed(r, step.state)) o.onFault("NameTaken", from);
    responder = step.state;
    sendAll(step.send);
  };
  const onPacket = (bytes: Buffer, from: Address, onLink: boolean): void => {
    const t = turn();
    if (stopped) return;
    if (!onLink) return refuse("OffLink", from);
    // our own words come back to us, and must not keep us from hearing others
    if (from.address !== o.lan.address && !mayRead(from.address, t.now)) return refuse("Flooded", from);
    const packet = decodePacket(bytes);
    if (typeof packet === "string") return refuse(packet, from);
    o.metrics.received("Read");
    if (responder) respond(responder, packet, from, t);
    const heard = hear(browser, packet, from.address, t.now);
    browser = heard.state;
    if (heard.refused > 0) {
      o.metrics.refused(heard.refused);
      o.onFault("TooManyAnnouncements", from);
    }
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

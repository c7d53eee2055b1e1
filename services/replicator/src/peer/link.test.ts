import { UnavailableError } from "@tideway/errors";
import type { Kube } from "@tideway/k8s";
import { createLogger } from "@tideway/log";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Link, type LinkState, openLink } from "./link.ts";

const log = createLogger({ service: "test", level: "error" });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Peer {
  answers: boolean;
  clients: { open: boolean }[];
  states: LinkState["status"][];
  watching: () => number;
  link: Link;
  probes: number;
}

const connect = async (answers = true, silent = false): Promise<Peer> => {
  const watches: AbortSignal[] = [];
  const p = {
    answers,
    clients: [],
    states: [],
    probes: 0,
    watching: () => watches.filter((w) => !w.aborted).length,
  } as unknown as Peer;
  p.link = openLink({
    open: () => {
      const client = { open: true };
      p.clients.push(client);
      return { close: async () => void (client.open = false) } as unknown as Kube;
    },
    probe: async () => {
      p.probes++;
      if (!p.answers) throw new UnavailableError("no answer");
    },
    watch: (signal) => void watches.push(signal),
    onChange: (s) => void p.states.push(s.status),
    random: () => 1,
    log,
  });
  if (!silent) p.link.suspect(); // ask at once
  await vi.advanceTimersByTimeAsync(0);
  return p;
};
const openClients = (p: Peer): number => p.clients.filter((c) => c.open).length;

test("what the watches hear is enough: nobody asks beside them", async () => {
  const p = await connect(true, true);
  expect([p.link.state.status, p.probes]).toEqual(["Connecting", 0]);
  p.link.heard();
  await vi.advanceTimersByTimeAsync(0);
  expect([p.link.state.status, p.probes]).toEqual(["Up", 0]);
});

test("asks itself when the watches are not heard of", async () => {
  const p = await connect(true, true);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([p.link.state.status, p.probes]).toEqual(["Up", 1]);
});

test("watches at once, and is up with the first answer", async () => {
  const p = await connect();
  expect([p.link.state.status, p.watching(), openClients(p)]).toEqual(["Up", 1, 1]);
});

test("one lost connection is not an outage: watches move to a new one", async () => {
  const p = await connect();
  p.answers = false;
  await vi.advanceTimersByTimeAsync(4_999);
  expect(p.probes).toBe(1);
  p.answers = false;
  queueMicrotask(() => queueMicrotask(() => (p.answers = true)));
  p.link.suspect();
  await vi.advanceTimersByTimeAsync(0);
  expect(p.states).toEqual(["Up"]);
});

test("goes down after two failures, tries again within 2.5 s for ever, and recovers", async () => {
  const p = await connect();
  p.answers = false;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(p.link.state).toEqual({ status: "Down", error: "no answer" });
  expect([p.watching(), openClients(p)]).toEqual([0, 0]);
  await vi.advanceTimersByTimeAsync(60_000);
  const before = p.probes;
  await vi.advanceTimersByTimeAsync(2_500);
  expect(p.probes).toBe(before + 1);
  p.answers = true;
  await vi.advanceTimersByTimeAsync(2_500);
  expect([p.link.state.status, p.watching(), openClients(p)]).toEqual(["Up", 1, 1]);
  expect(p.states).toEqual(["Up", "Down", "Up"]);
});

test("new credentials leave open watches where they are", async () => {
  const p = await connect();
  p.link.renew();
  await vi.advanceTimersByTimeAsync(0);
  expect([p.watching(), openClients(p), p.states]).toEqual([1, 2, ["Up"]]);
  await vi.advanceTimersByTimeAsync(15 * 60_000);
  expect(openClients(p)).toBe(1);
});

test("new credentials end a wait", async () => {
  const p = await connect(false);
  await vi.advanceTimersByTimeAsync(60_000);
  p.answers = true;
  p.link.renew();
  await vi.advanceTimersByTimeAsync(0);
  expect(p.link.state.status).toBe("Up");
});

test("a suspicion looks at once, but not over and over", async () => {
  const p = await connect();
  await vi.advanceTimersByTimeAsync(1_000);
  p.link.suspect();
  p.link.suspect();
  await vi.advanceTimersByTimeAsync(0);
  expect(p.probes).toBe(2);
  p.link.suspect();
  await vi.advanceTimersByTimeAsync(0);
  expect(p.probes).toBe(2);
});

test("closing leaves nothing open", async () => {
  const p = await connect();
  p.link.renew();
  await p.link.close();
  expect([p.watching(), openClients(p)]).toEqual([0, 0]);
});

import { describe, expect, it } from "vitest";
import type { NetworkFact } from "../ports.ts";
import { decide, LINGER_MS, type Standing, type TunnelWorld } from "./decide.ts";

const fact = (generations: string[]): NetworkFact => ({
  clusterId: "peer-1",
  name: "p1",
  state: "READY",
  localPodCidr: "",
  localPodSeenCidr: "",
  localExternalCidr: "",
  localExternalSeenCidr: "",
  remotePodCidr: "",
  remotePodSeenCidr: "",
  remoteExternalCidr: "",
  remoteExternalSeenCidr: "",
  generations,
  remoteKeys: Object.fromEntries(generations.map((g) => [g, `key-${g}`])),
  remoteEndpoints: Object.fromEntries(generations.map((g) => [g, "192.0.2.1:1,192.0.2.2:1"])),
  listenPort: 51820,
  secretName: "tunnel-p1",
  mtu: 1420,
  reason: "",
  message: "",
  consumer: true,
  provider: false,
});
const up = (generation: number, more: Partial<Standing> = {}): Standing => ({
  generation,
  up: true,
  handshake: true,
  heard: true,
  yields: false,
  receiving: false,
  attempt: 0,
  attemptAt: 0,
  failures: 0,
  ...more,
});
const world = (more: Partial<TunnelWorld>): TunnelWorld => ({
  fact: fact(["1"]),
  standing: [],
  active: undefined,
  alive: false,
  lostSince: undefined,
  now: 10_000,
  jitter: 0,
  ...more,
});

describe("what is done of a tunnel", () => {
  it("calls the peer at its first address", () => {
    expect(decide(world({}))).toMatchObject({
      setups: [{ generation: 1, endpoint: "192.0.2.1:1", anew: false }],
      active: 1,
    });
  });
  it.each([
    ["is called where it is now", "192.0.2.9:1", { endpoint: "192.0.2.2:1", anew: true }],
    ["is left at the address that answers, be it not its first", "192.0.2.2:1", { anew: false }],
    ["is left where it called from", undefined, { anew: false }],
  ])("a peer that answers %s", (_what, calledAt, setup) => {
    const standing = [up(1, calledAt === undefined ? {} : { calledAt })];
    const plan = decide(world({ standing, active: 1, alive: true }));
    expect(plan.setups).toEqual([{ generation: 1, ...setup }]);
  });
  it("leaves alone what answers", () => {
    const plan = decide(world({ standing: [up(1)], active: 1, alive: true }));
    expect(plan.setups).toEqual([{ generation: 1, anew: false }]);
  });
  it("begins anew with the next address when a second brought no answer", () => {
    const plan = decide(world({ standing: [up(1, { attemptAt: 9_000 })], active: 1 }));
    expect(plan.setups).toEqual([{ generation: 1, endpoint: "192.0.2.2:1", anew: true }]);
  });
  it("calls again soon while nothing ever came from the peer, and less often later", () => {
    const anew = (age: number, more: Partial<Standing>): boolean | undefined =>
      decide(
        world({ standing: [up(1, { handshake: false, heard: false, attemptAt: 10_000 - age, ...more })] }),
      ).setups[0]?.anew;
    expect([anew(99, {}), anew(100, {})]).toEqual([false, true]);
    const standing = [up(1, { handshake: false, heard: false, attemptAt: 9_000 })];
    expect(decide(world({ standing })).recheckMs).toBeLessThan(150);
    expect(decide(world({})).recheckMs).toBeLessThan(150);
    expect([anew(100, { failures: 10 }), anew(1_000, { failures: 10 })]).toEqual([false, true]);
    expect([anew(1_000, { failures: 30 }), anew(2_500, { failures: 30 })]).toEqual([false, true]);
  });
  it("leaves a handshake that began its round trip, and of two that met one side the first word", () => {
    const anew = (age: number, yields: boolean): boolean | undefined =>
      decide(world({ standing: [up(1, { handshake: false, yields, attemptAt: 10_000 - age })] })).setups[0]
        ?.anew;
    expect([anew(149, false), anew(150, false)]).toEqual([false, true]);
    expect([anew(150, true), anew(500, true)]).toEqual([false, true]);
  });
  it("waits where packets still come through", () => {
    const standing = [up(1, { receiving: true })];
    expect(decide(world({ standing, active: 1, lostSince: 8_000 })).setups[0]?.anew).toBe(false);
    expect(decide(world({ standing, active: 1, lostSince: 4_000 })).setups[0]?.anew).toBe(true);
  });
  it("looks again soon whether packets still come, since those seen may be of before the loss", () => {
    const w = { active: 1, lostSince: 9_900 };
    expect(decide(world({ ...w, standing: [up(1, { receiving: true })] })).recheckMs).toBe(200);
    expect(decide(world({ ...w, standing: [up(1)] })).setups[0]?.anew).toBe(true);
  });
  it("calls from another port after each sixth call without an answer", () => {
    const fromAnotherPort = (failures: number): boolean | undefined =>
      decide(world({ standing: [up(1, { handshake: false, heard: false, failures })] })).setups[0]
        ?.fromAnotherPort;
    const failures = Array.from({ length: 12 }, (_, i) => i);
    expect(failures.filter(fromAnotherPort)).toEqual([5, 11]);
  });
  it("never takes off a peer that it has no address of", () => {
    const f = { ...fact(["1"]), remoteEndpoints: {} };
    expect(decide(world({ fact: f, standing: [up(1)], active: 1 })).setups).toEqual([
      { generation: 1, anew: false },
    ]);
  });
});

describe("keys that rotate", () => {
  const both = fact(["1", "2"]);
  it("go on with the old ones until the new ones shook hands", () => {
    const standing = [up(1), up(2, { handshake: false })];
    expect(decide(world({ fact: both, standing, active: 1, alive: true })).active).toBe(1);
    expect(decide(world({ fact: both, standing: [up(1), up(2)], active: 1, alive: true })).active).toBe(2);
  });
  it("leave the old ones for packets on their way, then drop them", () => {
    const w = { fact: fact(["2"]), active: 2, alive: true };
    const old = (since: number): Standing[] => [up(1, { unwantedSince: since }), up(2)];
    expect(decide(world({ ...w, standing: old(10_000 - LINGER_MS + 1) })).drop).toEqual([]);
    expect(decide(world({ ...w, standing: old(10_000 - LINGER_MS) })).drop).toEqual([1]);
  });
  it("keep the old ones, wanted or not, until new ones work", () => {
    const standing = [up(1, { unwantedSince: 0 }), up(2, { handshake: false })];
    expect(decide(world({ fact: fact(["2"]), standing, active: 1, alive: true }))).toMatchObject({
      active: 1,
      drop: [],
    });
  });
});

import fc from "fast-check";
import {
  type Amounts,
  amountOf,
  compare,
  parseList,
  percentOfList,
  subtractLists,
  sumLists,
} from "@tideway/quantity";
import { describe, expect, it } from "vitest";
import type { Grant } from "@tideway/sharing";
import { decide, type Flat as World, offer, policy, request, world } from "./fixtures.ts";

const NAMES = ["cpu", "memory", "pods"];
const milli = (max: number) => fc.nat(max).map((n) => `${n}m`);
const list = (max: number) =>
  fc.record({
    cpu: milli(max),
    memory: fc.nat(max).map((n) => `${n}Mi`),
    pods: fc.nat(max / 10).map(String),
  });
const some = (max: number) => fc.option(list(max), { nil: undefined });

interface Peer {
  asked: Record<string, string> | undefined;
  holds: Record<string, string> | undefined;
  since: number;
}
const peer: fc.Arbitrary<Peer> = fc.record({ asked: some(5000), holds: some(5000), since: fc.nat(3) });
const cluster = fc.record({
  allocatable: list(10_000),
  used: list(12_000),
  reserve: fc.nat(100),
  perPeer: some(5000),
  peers: fc.array(peer, { minLength: 1, maxLength: 5 }),
});
type Cluster = typeof cluster extends fc.Arbitrary<infer T> ? T : never;

const namespaceOf = (i: number): string => `tideway-tenant-${i}`;
const holderOf = (i: number): string => `${namespaceOf(i)}/offer`;
const initial = (c: Cluster): Grant[] =>
  c.peers.flatMap((p, i) =>
    p.holds ? [{ holder: holderOf(i), pool: "", since: String(p.since), amounts: parseList(p.holds) }] : [],
  );

const worldOf = (c: Cluster, i: number, grants: Grant[]): World => {
  const held = grants.find((g) => g.holder === holderOf(i));
  const { asked } = c.peers[i]!;
  return world({
    namespace: namespaceOf(i),
    request: request(asked ? { resources: asked } : {}),
    offer:
      held &&
      offer(Object.fromEntries([...held.amounts].map(([n, q]) => [n, `${q.nanos}n`])), "another basis"),
    policy: policy({
      reserve: { percent: c.reserve },
      defaultAction: "accept",
      ...(c.perPeer ? { perPeer: c.perPeer } : {}),
    }),
    capacity: { allocatable: parseList(c.allocatable), used: parseList(c.used) },
    grants,
  });
};

/** Everybody is decided on in turn, each seeing what was decided before. */
const round = (c: Cluster, grants: Grant[], order: number[]): Grant[] =>
  order.reduce((now, i) => {
    const given = decide(worldOf(c, i, now)).effects.find((e) => e.do === "applyOffer");
    return given
      ? [...now.filter((g) => g.holder !== holderOf(i)), { ...given.grant, since: String(c.peers[i]!.since) }]
      : now;
  }, grants);

const free = (c: Cluster): Amounts =>
  subtractLists(
    subtractLists(parseList(c.allocatable), parseList(c.used)),
    percentOfList(parseList(c.allocatable), c.reserve),
  );
const fits = (sum: Amounts, within: Amounts): boolean =>
  NAMES.every((name) => {
    const [has, may] = [amountOf(sum, name), amountOf(within, name)];
    return has.nanos === 0n || compare(has, may) <= 0;
  });
const indexes = (c: Cluster): number[] => c.peers.map((_, i) => i);

describe("whatever the cluster, the peers and what they hold", () => {
  it("the sum of all offers is within what is free less the reserve, once everybody was looked at", () =>
    fc.assert(
      fc.property(cluster, (c) =>
        fits(sumLists(round(c, initial(c), indexes(c)).map((g) => g.amounts)), free(c)),
      ),
    ));

  it("and also when all are looked at at the same moment, and shrinking or growing meet", () =>
    fc.assert(
      fc.property(cluster, (c) => {
        const before = round(c, initial(c), indexes(c));
        // A decision is booked at once, so the next one sees it even where nothing was written yet.
        const after = round(c, before, indexes(c).toReversed());
        expect(fits(sumLists(after.map((g) => g.amounts)), free(c))).toBe(true);
      }),
    ));

  it("no offer is negative, above the cap, or above what is asked", () =>
    fc.assert(
      fc.property(cluster, (c) => {
        for (const [i, p] of c.peers.entries()) {
          const given = decide(worldOf(c, i, initial(c))).effects.find((e) => e.do === "applyOffer");
          for (const [name, amount] of given?.grant.amounts ?? []) {
            expect(amount.nanos >= 0n).toBe(true);
            for (const bound of [p.asked, c.perPeer])
              if (bound) expect(compare(amount, amountOf(parseList(bound), name))).toBeLessThanOrEqual(0);
          }
        }
      }),
    ));

  it("the same world gives the same plan, whatever the order of the grants", () =>
    fc.assert(
      fc.property(cluster, (c) => {
        expect(decide(worldOf(c, 0, initial(c)))).toEqual(decide(worldOf(c, 0, initial(c).toReversed())));
      }),
    ));

  it("settles: after a plan is carried out nothing is left to do about the offer", () =>
    fc.assert(
      fc.property(cluster, (c) => {
        const w = worldOf(c, 0, initial(c));
        const given = decide(w).effects.find((e) => e.do === "applyOffer");
        if (!given) return;
        const grants = [
          ...w.grants.filter((g) => g.holder !== `${w.namespace}/offer`),
          {
            ...given.grant,
            since: w.grants.find((g) => g.holder === `${w.namespace}/offer`)?.since ?? given.grant.since,
          },
        ];
        const next = decide({ ...w, offer: offer(given.spec.resources, given.basis), grants });
        // Capacity that others must give up first may still move this one, never the other way round.
        const crowded = !fits(sumLists(initial(c).map((g) => g.amounts)), free(c));
        if (!crowded) expect(next.effects.map((e) => e.do)).not.toContain("applyOffer");
      }),
    ));
});

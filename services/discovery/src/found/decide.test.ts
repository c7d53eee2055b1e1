import {
  BY_AUTH,
  BY_DISCOVERY,
  type DiscoveryPolicy,
  type ForeignCluster,
  FOUND,
  FOUND_BY,
  type FoundAt,
  MADE_BY,
} from "@tideway/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Effect, type World } from "./decide.ts";
import type { Sighting } from "./sightings.ts";

const NOW = Date.parse("2026-05-01T12:00:00.000Z");
const ID = "22222222-2222-2222-2222-222222222222";
const KEY = (letter: string): string => `sha256/${letter.repeat(43)}=`;
const iso = (ms: number): string => new Date(ms).toISOString();

const sighting = (o: Partial<Sighting> & { pin?: string; endpoint?: string } = {}): Sighting => {
  const { pin = KEY("A"), endpoint = "192.0.2.2:443", ...more } = o;
  return {
    announcement: { clusterID: ID, clusterName: "west", version: "1.0", endpoint, pin },
    way: "mDNS",
    domain: "local",
    untilMs: NOW + 60_000,
    ...more,
  };
};
const foundAt = (o: Partial<FoundAt> = {}): FoundAt => ({
  way: "mDNS",
  domain: "local",
  until: iso(NOW + 60_000),
  endpoint: "192.0.2.2:443",
  pin: KEY("A"),
  ...o,
});
const cluster = (
  found: FoundAt[] = [foundAt()],
  spec: Partial<ForeignCluster["spec"]> = {},
  metadata: Partial<ForeignCluster["metadata"]> = {},
): ForeignCluster => ({
  metadata: {
    name: "west",
    uid: "uid",
    labels: { [MADE_BY]: BY_DISCOVERY, [FOUND_BY]: "mDNS" },
    annotations: { [FOUND]: JSON.stringify(found) },
    ...metadata,
  },
  spec: {
    clusterID: ID,
    clusterName: "west",
    authEndpoint: "192.0.2.2:443",
    pins: [KEY("A")],
    outgoingPeering: "Auto",
    incomingPeering: "Auto",
    ...spec,
  },
});
const world = (o: Partial<World> = {}): World => ({
  id: ID,
  self: "11111111-1111-1111-1111-111111111111",
  cluster: undefined,
  sightings: [],
  policy: undefined,
  knows: () => false,
  peered: false,
  reachable: false,
  isTaken: () => false,
  hasRoom: true,
  now: NOW,
  ...o,
});
const joining = (...pins: string[]): DiscoveryPolicy => ({
  metadata: { name: "default" },
  spec: { rules: [{ name: "ours", pins, action: "join" }] },
});
const PAST = foundAt({ until: iso(NOW - 1) });
const did = (o: Partial<World>): Effect["do"] | undefined => decide(world(o)).effect?.do;

describe("a cluster that is announced", () => {
  it("becomes a ForeignCluster about which the policy decides, and which says where it was found and until when", () => {
    const plan = decide(world({ sightings: [sighting()] }));
    expect(plan).toEqual({
      effect: { do: "create", cluster: cluster() && expect.anything() },
      refused: false,
      recheckMs: 60_000,
    });
    const made = plan.effect?.do === "create" ? plan.effect.cluster : undefined;
    const { uid: _, ...metadata } = cluster().metadata;
    expect(made).toEqual({ metadata, spec: cluster().spec });
  });

  it("by two ways is one", () => {
    const plan = decide(
      world({ sightings: [sighting(), sighting({ way: "DNS", domain: "lab.example.org" })] }),
    );
    const made = plan.effect?.do === "create" ? plan.effect.cluster : undefined;
    expect(JSON.parse(made?.metadata.annotations?.[FOUND] ?? "")).toHaveLength(2);
  });

  it("gets another name where the first is taken", () => {
    const plan = decide(world({ sightings: [sighting()], isTaken: (n) => n === "west" }));
    expect(plan.effect).toMatchObject({ cluster: { metadata: { name: "west-222222" } } });
  });

  it("with two keys is made known with the one that the policy names", () => {
    const sightings = [sighting({ pin: KEY("A") }), sighting({ pin: KEY("B"), domain: "x" })];
    const plan = decide(world({ sightings, policy: joining(KEY("B")) }));
    expect(plan.effect).toMatchObject({ cluster: { spec: { pins: [KEY("B")] } } });
  });

  it("is nothing where it is this cluster, where there is no room, and while its ForeignCluster is going", () => {
    const sightings = [sighting()];
    expect(did({ sightings, self: ID })).toBeUndefined();
    expect(decide(world({ sightings, hasRoom: false }))).toMatchObject({ effect: undefined, refused: true });
    expect(did({ sightings, cluster: cluster([], {}, { deletionTimestamp: iso(NOW) }) })).toBeUndefined();
  });
});

describe("what is not announced any more", () => {
  it("is withdrawn", () => {
    expect(did({ cluster: cluster([PAST]) })).toBe("withdraw");
    expect(did({ cluster: cluster([PAST], {}, { labels: { [MADE_BY]: BY_AUTH } }) })).toBe("withdraw");
  });

  it("is withdrawn before its time is over where it would be known if it were announced", () => {
    const knows = (p: { domain: string }): boolean => p.domain === "local";
    expect(did({ cluster: cluster(), knows })).toBe("withdraw");
    const two = cluster([foundAt({ way: "DNS", domain: "lab.example.org" }), foundAt()]);
    expect(decide(world({ cluster: two, knows })).effect).toMatchObject({
      do: "note",
      found: [{ domain: "lab.example.org" }],
    });
  });

  it("stays until its time is over, also where nobody here has heard of it", () => {
    expect(decide(world({ cluster: cluster() }))).toEqual({
      effect: undefined,
      refused: false,
      recheckMs: 60_000,
    });
  });

  it.each<[string, Partial<World>]>([
    ["a peer", { cluster: cluster([PAST]), peered: true }],
    ["one that a person uses", { cluster: cluster([PAST], { outgoingPeering: "Yes" }) }],
    ["one that a person keeps out", { cluster: cluster([PAST], { incomingPeering: "No" }) }],
    ["one whose keys a person changed", { cluster: cluster([PAST], { pins: [KEY("A"), KEY("B")] }) }],
    ["one with a person's token", { cluster: cluster([PAST], { tokenSecretRef: { name: "t" } }) }],
    [
      "one with a person's label",
      { cluster: cluster([PAST], {}, { labels: { [MADE_BY]: BY_DISCOVERY, team: "x" } }) },
    ],
    ["one that a person made", { cluster: cluster([], {}, { labels: {}, annotations: {} }) }],
  ])("but for %s", (_, o) => {
    expect(did(o)).not.toBe("withdraw");
  });

  it("of a peer, taken back before its time, has that time ended and told once", () => {
    const knows = (): boolean => true;
    const over = foundAt({ until: iso(NOW) });
    expect(decide(world({ cluster: cluster(), knows, peered: true })).effect).toEqual({
      do: "note",
      found: [over],
      authEndpoint: "192.0.2.2:443",
      farewells: [foundAt()],
    });
    expect(did({ cluster: cluster([over]), knows, peered: true })).toBeUndefined();
  });

  it("of a peer stays as the place where it was found: its policy was decided by it", () => {
    expect(did({ cluster: cluster([PAST]), peered: true })).toBeUndefined();
  });
});

describe("a cluster that is announced again", () => {
  const later = sighting({ untilMs: NOW + 120_000 });

  it("has its time noted", () => {
    expect(decide(world({ cluster: cluster(), sightings: [later] })).effect).toEqual({
      do: "note",
      found: [foundAt({ until: iso(NOW + 120_000) })],
      authEndpoint: "192.0.2.2:443",
      farewells: [],
    });
    expect(did({ cluster: cluster(), sightings: [sighting()] })).toBeUndefined();
  });

  it("with another key changes nothing: neither key nor address nor its time", () => {
    const stranger = sighting({ pin: KEY("B"), endpoint: "192.0.2.9:1", untilMs: NOW + 1e6 });
    for (const peered of [false, true])
      expect(did({ cluster: cluster(), sightings: [stranger], peered })).toBeUndefined();
  });

  it("with the key that the policy names replaces one that it does not, unless that is a peer", () => {
    const o = {
      cluster: cluster(),
      sightings: [sighting(), sighting({ pin: KEY("B") })],
      policy: joining(KEY("B")),
    };
    expect(did(o)).toBe("withdraw");
    expect(did({ ...o, peered: true })).toBeUndefined();
    expect(did({ ...o, policy: joining(KEY("A"), KEY("B")) })).toBeUndefined();
  });

  it("at another address moves there only when nobody answers at the old one", () => {
    const sightings = [sighting({ endpoint: "192.0.2.7:443" })];
    expect(decide(world({ cluster: cluster(), sightings })).effect).toMatchObject({
      authEndpoint: "192.0.2.7:443",
    });
    expect(decide(world({ cluster: cluster(), sightings, reachable: true })).effect).toMatchObject({
      authEndpoint: "192.0.2.2:443",
    });
    const byHand = cluster([], { outgoingPeering: "Auto" }, { labels: {}, annotations: {} });
    expect(decide(world({ cluster: byHand, sightings })).effect).toMatchObject({
      authEndpoint: "192.0.2.2:443",
    });
  });

  it("whose ForeignCluster a person made and uses is left alone", () => {
    const byHand = cluster([], { outgoingPeering: "Yes" }, { labels: {}, annotations: {} });
    expect(did({ cluster: byHand, sightings: [later] })).toBeUndefined();
  });
});

it("no announcement, and no want of one, takes a peer or its key away", () => {
  const pins = fc.constantFrom(KEY("A"), KEY("B"));
  const seen = fc.record({
    pin: pins,
    endpoint: fc.constantFrom("192.0.2.2:443", "192.0.2.9:1"),
    ms: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(
      fc.array(seen, { maxLength: 4 }),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      (list, named, reachable, past) => {
        const plan = decide(
          world({
            cluster: cluster([past ? PAST : foundAt()]),
            sightings: list.map(({ pin, endpoint, ms }, i) =>
              sighting({ pin, endpoint, domain: `d${i}`, untilMs: NOW + ms }),
            ),
            policy: named ? joining(KEY("B")) : undefined,
            peered: true,
            reachable,
          }),
        );
        expect(plan.effect?.do ?? "note").toBe("note");
        if (plan.effect?.do === "note" && reachable) expect(plan.effect.authEndpoint).toBe("192.0.2.2:443");
      },
    ),
  );
});

import type { ResourceRequest } from "@tideway/api";
import { parseList } from "@tideway/quantity";
import { describe, expect, it } from "vitest";
import type { Effect } from "./decide.ts";
import { decide, type Flat as World, offer, policy, request, world } from "./fixtures.ts";

const does = (w: World): Effect["do"][] => decide(w).effects.map((e) => e.do);
const offered = (w: World): Record<string, string> | undefined =>
  decide(w).effects.flatMap((e) => (e.do === "applyOffer" ? [e.spec.resources] : []))[0];
const status = (w: World): NonNullable<ResourceRequest["status"]> | undefined =>
  decide(w).effects.flatMap((e) => (e.do === "applyRequestStatus" ? [e.status] : []))[0];
const withdrawalOf = (w: World) =>
  decide(w).effects.flatMap((e) => (e.do === "applyOffer" ? [e.spec.withdrawal] : []))[0];
/** The world after its plan was carried out. */
const settled = (w: World): World => {
  const effects = decide(w).effects;
  const given = effects.find((e) => e.do === "applyOffer");
  const told = effects.find((e) => e.do === "applyRequestStatus");
  return {
    ...w,
    ...(given
      ? {
          offer: offer(given.spec.resources, given.basis),
          grants: [...w.grants.filter((g) => g.holder !== `${w.namespace}/offer`), given.grant],
        }
      : {}),
    ...(told && w.request ? { request: { ...w.request, status: told.status } } : {}),
  };
};
const granted = (namespace: string, amounts: Record<string, string>, since = "2026-01-01T00:00:00Z") => ({
  holder: `${namespace}/offer`,
  pool: "",
  since,
  amounts: parseList(amounts),
});

describe("what is offered", () => {
  it("is everything free when nothing is kept and nothing asked", () =>
    expect(offered(world())).toEqual({ cpu: "10", memory: "10Gi", pods: "100" }));
  it("leaves out what local pods use and what is kept", () =>
    expect(
      offered(
        world({
          capacity: {
            allocatable: parseList({ cpu: 10, memory: "10Gi", pods: 100 }),
            used: parseList({ cpu: 2, pods: 10 }),
          },
          policy: policy({ reserve: { percent: 30 }, defaultAction: "accept" }),
        }),
      ),
    ).toMatchObject({ cpu: "5", pods: "60" }));
  it("keeps 30 percent where the policy does not say", () =>
    expect(offered(world({ policy: policy({ defaultAction: "accept" }) }))).toMatchObject({ cpu: "7" }));
  it("is what is asked, where that is less", () =>
    expect(offered(world({ request: request({ resources: { cpu: "1500m" } }) }))).toEqual({
      cpu: "1500m",
      memory: "10Gi",
      pods: "100",
    }));
  it("is at most the cap for one peer, also when more is asked", () =>
    expect(
      offered(
        world({
          request: request({ resources: { cpu: "8" } }),
          policy: policy({ reserve: { percent: 0 }, perPeer: { cpu: 4 }, defaultAction: "accept" }),
        }),
      ),
    ).toMatchObject({ cpu: "4" }));
  it("leaves to other peers what they were offered", () =>
    expect(
      offered(world({ grants: [granted("tideway-tenant-west", { cpu: "6", memory: "1Gi", pods: "50" })] })),
    ).toEqual({ cpu: "4", memory: "9Gi", pods: "50" }));
  it("does not count the peer's own grant against it", () => {
    const own = granted("tideway-tenant-east", { cpu: "10", memory: "10Gi", pods: "100" });
    expect(
      does(world({ grants: [own], offer: offer({ cpu: "10", memory: "10Gi", pods: "100" }) })),
    ).not.toContain("applyOffer");
  });
  it("carries extended resources that are there, and leaves out those that are not", () =>
    expect(
      offered(
        world({
          capacity: {
            allocatable: parseList({ cpu: 1, memory: "1Gi", pods: 1, "x.org/gpu": 2, "x.org/none": 0 }),
            used: parseList({}),
          },
        }),
      ),
    ).toMatchObject({ "x.org/gpu": "2" }));
});

describe("a first request", () => {
  it("is refused when nothing is free, naming what is missing", () => {
    const full = world({ grants: [granted("tideway-tenant-west", { cpu: "10" })] });
    expect(does(full)).toEqual(["applyRequestStatus"]);
    expect(status(full)).toMatchObject({
      decision: "Refused",
      rule: "default",
      reason: expect.stringContaining("no cpu is free"),
    });
  });
  it("is refused when the share kept for local use would be touched, naming both amounts", () => {
    const greedy = world({
      request: request({ resources: { cpu: "8" } }),
      policy: policy({ reserve: { percent: 30 }, defaultAction: "accept" }),
    });
    expect(status(greedy)?.reason).toContain("asks cpu 8, free are cpu 7 (30 %");
  });
});

describe("an offer that stands", () => {
  const busy = (cpu: string) => ({
    allocatable: parseList({ cpu: 10, memory: "10Gi", pods: 100 }),
    used: parseList({ cpu }),
  });
  it("stays as it is when nothing changed", () =>
    expect(decide(settled(settled(world()))).effects).toEqual([]));
  it("shrinks at once when it no longer fits", () =>
    expect(offered({ ...settled(world()), capacity: busy("1") })).toMatchObject({ cpu: "9" }));
  it("is not rewritten for a small gain", () => {
    const w = settled(world({ capacity: busy("1") }));
    expect(offered({ ...w, capacity: busy("850m") })).toBeUndefined();
    expect(offered({ ...w, capacity: busy("500m") })).toMatchObject({ cpu: "9500m" });
  });
  it("is not rewritten for a small loss once it has shrunk: a grain of slack is left", () => {
    const w = settled({ ...settled(world()), capacity: busy("1050m") });
    expect(offered({ ...w, capacity: busy("1090m") })).toBeUndefined();
  });
  it("follows another policy at once, however small the change", () => {
    const next = policy({ reserve: { percent: 1 }, defaultAction: "accept" }, 2);
    expect(offered({ ...settled(world()), policy: next })).toMatchObject({ cpu: "9900m" });
  });
  it("shrinks to nothing rather than being taken back: that would drain the peer", () =>
    expect(offered({ ...settled(world()), capacity: busy("10") })).toMatchObject({ cpu: "0" }));
  it.each<[string, World["policy"]]>([
    ["the policy is deleted", undefined],
    ["the rule now asks", policy({ defaultAction: "ask" })],
    ["the policy has a mistake", policy({ perPeer: { cpu: "lots" }, defaultAction: "accept" })],
  ])("stands, and does not grow, when %s", (_, next) => {
    const w = { ...settled(world({ capacity: busy("5") })), capacity: busy("0") };
    expect(status({ ...w, policy: next })).toMatchObject({
      decision: "Accepted",
      reason: expect.stringContaining("stands until then"),
    });
    const [before, now] = [w.offer?.spec.resources, offered({ ...w, policy: next })];
    expect(now?.cpu ?? before?.cpu).toBe("5");
    expect(does({ ...w, policy: next })).not.toContain("deleteOffer");
  });
  it("ends when a person says no", () => {
    const w = settled(world());
    const refused = request({}, "no", w.request?.status);
    const late = { ...w, request: refused, policy: policy({ defaultAction: "ask" }) };
    expect(withdrawalOf(late)).toMatchObject({ state: "Cordoned" });
    expect(status(late)).toMatchObject({ decision: "Accepted", conditions: [{ reason: "Withdrawing" }] });
  });
  it("yields to older ones when capacity shrinks", () => {
    const mine = granted("tideway-tenant-east", { cpu: "5" }, "2026-01-02T00:00:00Z");
    const older = granted("tideway-tenant-west", { cpu: "5" }, "2026-01-01T00:00:00Z");
    expect(
      offered(world({ grants: [mine, older], offer: offer({ cpu: "5" }), capacity: busy("4") })),
    ).toMatchObject({ cpu: "1" });
  });
});

describe("taking back", () => {
  it.each<[string, Partial<World>]>([
    ["the request is gone", { request: undefined }],
    [
      "the request is going",
      {
        request: {
          ...request(),
          metadata: { ...request().metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
        },
      },
    ],
    ["the identity is revoked", { identity: "REVOKED" }],
    ["the identity is gone", { identity: "GONE" }],
  ])("happens when %s", (_, over) =>
    expect(does(world({ offer: offer({ cpu: "1" }), ...over }))).toEqual(["deleteOffer"]),
  );
  it("does not happen because nobody spoke of the identity yet", () =>
    expect(does(world({ offer: offer({ cpu: "1" }), identity: undefined, request: undefined }))).toEqual([]));
  it("happens once", () => {
    const going = offer({ cpu: "1" });
    going.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
    expect(does(world({ offer: going, request: undefined }))).toEqual([]);
  });
});

it("marks the offer accepted when the consumer says so, once", () => {
  const w = settled(world());
  const accepted = {
    ...w,
    request: { ...w.request!, spec: { ...w.request!.spec, acceptedOffer: { name: "offer", generation: 1 } } },
  };
  expect(does(accepted)).toEqual(["applyOfferStatus"]);
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Effect, type Plan, type World } from "./decide.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const healthy = { ok: true, failures: 0, reason: "ProviderReady", message: "" };
const peer = (more: object = {}) =>
  ({ clusterId: "w", name: "west", phase: "PRESENT", outgoing: true, unpeerDeadline: "", ...more }) as never;
const offer = (more: object = {}) =>
  ({
    clusterId: "w",
    name: "west",
    state: "ACCEPTED",
    resources: { cpu: "4" },
    labels: {},
    ...more,
  }) as never;
const identity = (more: object = {}) =>
  ({ clusterId: "w", name: "west", state: "GRANTED", ...more }) as never;
const virtualNode = {
  metadata: { name: "west", uid: "v" },
  spec: { clusterID: "w", resources: { cpu: "4" } },
} as never;
const node = { metadata: { name: "west", uid: "n" } } as never;

const world = (more: Partial<World> = {}): World => ({
  clusterID: "w",
  pool: "",
  now: NOW,
  peer: peer(),
  offer: offer(),
  identity: identity(),
  network: undefined,
  tunnel: undefined,
  foreignCluster: "unasked",
  virtualNode: undefined,
  node: undefined,
  health: healthy,
  pods: 0,
  isCleared: false,
  ...more,
});
const standing = (more: Partial<World> = {}): World => world({ virtualNode, node, ...more });
const dos = (p: Plan): Effect["do"][] => p.effects.map((e) => e.do);
const in10s = new Date(NOW + 10_000).toISOString();

describe("the virtual node", () => {
  it("is made, ready, when the offer is accepted and the identity granted", () => {
    const plan = decide(world());
    expect(dos(plan)).toEqual(["virtualNode", "node"]);
    expect(plan).toMatchObject({ connect: true, fact: { state: "READY" }, condition: { status: "True" } });
  });
  it("is not taken for leaving when a new peering finds the last facts of the one before", () => {
    const plan = decide(world({ offer: offer({ state: "GONE" }) }));
    expect(plan).toMatchObject({ effects: [], connect: true });
    expect(
      decide(world({ offer: offer({ state: "GONE" }), identity: identity({ state: "GONE" }) })).effects,
    ).toEqual([]);
  });
  it.each(["REQUESTED", "OFFERED", "PENDING"])(
    "is not made while the offer is %s, but its connection is",
    (state) => expect(decide(world({ offer: offer({ state }) }))).toEqual({ effects: [], connect: true }),
  );
  it("needs no connection where nothing is asked of the peer", () =>
    expect(decide(world({ offer: undefined, peer: undefined }))).toEqual({ effects: [], connect: false }));
  it("is not made before the identity is granted", () =>
    expect(dos(decide(world({ identity: undefined })))).toEqual([]));
  it("stays with its size while the offer is negotiated again", () =>
    expect(decide(standing({ offer: offer({ state: "PENDING", resources: {} }) })).effects[0]).toMatchObject({
      resources: { cpu: "4" },
    }));
  it("stays when the bus has lost all facts", () => {
    const plan = decide(
      standing({ peer: undefined, offer: undefined, identity: undefined, foreignCluster: "present" }),
    );
    expect(dos(plan)).toEqual(["virtualNode", "node"]);
  });
  it("is NotReady, with the reason, when the provider is away", () => {
    const health = { ok: false, failures: 2, reason: "ProviderUnreachable", message: "no answer" };
    expect(decide(standing({ health }))).toMatchObject({
      fact: { state: "NOT_READY", reason: "ProviderUnreachable" },
    });
  });
  it("is Ready whatever the tunnel does, which has a condition of its own", () => {
    const network = { state: "READY", generations: ["1"], remoteEndpoints: {} } as never;
    for (const tunnel of [undefined, { state: "CONNECTING" }, { state: "DISCONNECTED" }] as never[]) {
      const plan = decide(world({ network, tunnel }));
      expect(plan).toMatchObject({ fact: { state: "READY" }, condition: { status: "True" } });
      expect(plan.effects[1]).toMatchObject({ do: "node", ready: true, network: { unavailable: true } });
    }
    expect(decide(world()).effects[1]).toMatchObject({ ready: true, network: undefined });
  });
  it("is NotReady when the provider revoked the identity", () =>
    expect(decide(standing({ identity: identity({ state: "REVOKED" }) }))).toMatchObject({
      fact: { reason: "IdentityRevoked" },
    }));
});

describe("leaving", () => {
  const ending = (more: Partial<World> = {}) =>
    standing({ peer: peer({ outgoing: false, unpeerDeadline: in10s }), ...more });
  it("cordons and evicts first, within the deadline", () => {
    const plan = decide(ending({ pods: 3 }));
    expect(dos(plan)).toEqual(["node", "evict"]);
    expect(plan.effects).toMatchObject([{ cordoned: true }, { withinSeconds: 7, force: false }]);
    expect(plan.fact?.state).toBe("DRAINING");
  });
  it("removes the node when the last pod is gone", () =>
    expect(decide(ending()).effects).toEqual([{ do: "remove", name: "west" }]));
  it("waits when it is not known whether pods are left", () =>
    expect(dos(decide(ending({ pods: undefined })))).toEqual(["node", "evict"]));
  it("forces what is left after the deadline", () =>
    expect(decide(ending({ pods: 1, now: NOW + 11_000 })).effects[1]).toEqual({
      do: "evict",
      withinSeconds: 0,
      force: true,
    }));
  it("ends after the deadline even when the pods are not known", () =>
    expect(dos(decide(ending({ pods: undefined, now: NOW + 11_000 })))).toEqual(["remove"]));
  it.each([
    ["the offer is withdrawn", { offer: offer({ state: "GONE" }) }],
    ["the offer is refused", { offer: offer({ state: "REFUSED" }) }],
    ["the peer is gone", { peer: peer({ phase: "GONE" }) }],
    [
      "no fact tells of the peer and its ForeignCluster is gone",
      { peer: undefined, foreignCluster: "gone" as const },
    ],
  ])("happens when %s", (_, more) => expect(decide(standing(more)).fact?.state).toBe("GONE"));
  it("looks for nothing where it has taken everything away before", () => {
    const ended = { peer: peer({ outgoing: false }), pods: undefined };
    expect(dos(decide(world(ended)))).toEqual(["evict"]);
    expect(decide(world({ ...ended, isCleared: true }))).toMatchObject({
      effects: [],
      connect: false,
      fact: { state: "GONE" },
    });
    expect(dos(decide(ending({ isCleared: true })))).toEqual(["remove"]); // unless something stands again
  });
  it("says GONE although nothing stood", () =>
    expect(decide(world({ peer: peer({ outgoing: false }) })).fact?.state).toBe("GONE"));
});

const anyWorld = fc.record({
  peer: fc.option(
    fc.record({ outgoing: fc.boolean(), phase: fc.constantFrom("PRESENT", "GONE"), late: fc.boolean() }),
    { nil: undefined },
  ),
  offer: fc.option(fc.constantFrom("REQUESTED", "OFFERED", "ACCEPTED", "REFUSED", "PENDING", "GONE"), {
    nil: undefined,
  }),
  identity: fc.option(fc.constantFrom("GRANTED", "DENIED", "REVOKED", "GONE"), { nil: undefined }),
  stands: fc.boolean(),
  pods: fc.option(fc.nat(3), { nil: undefined }),
  healthy: fc.boolean(),
});
const build = (r: typeof anyWorld extends fc.Arbitrary<infer R> ? R : never): World =>
  world({
    peer:
      r.peer && peer({ ...r.peer, unpeerDeadline: r.peer.late ? new Date(NOW - 1000).toISOString() : in10s }),
    offer: r.offer && offer({ state: r.offer }),
    identity: r.identity && identity({ state: r.identity }),
    health: r.healthy ? healthy : undefined,
    pods: r.pods,
    ...(r.stands ? { virtualNode, node } : {}),
  });

describe("in every world", () => {
  it("a node with pods, or of which nobody knows, is never removed before the deadline", () =>
    fc.assert(
      fc.property(anyWorld, (r) => {
        const plan = decide(build(r));
        const late = r.peer?.late === true;
        if (dos(plan).includes("remove") && !late) expect(r.pods).toBe(0);
      }),
    ));
  it("a node is never made ready on a provider that does not answer", () =>
    fc.assert(
      fc.property(anyWorld, (r) => {
        for (const e of decide(build({ ...r, healthy: false })).effects)
          if (e.do === "node") expect(e.ready).toBe(false);
      }),
    ));
  it("a node is either kept or taken down, never both", () =>
    fc.assert(
      fc.property(anyWorld, (r) => {
        const done = dos(decide(build(r)));
        expect(done.includes("virtualNode") && (done.includes("remove") || done.includes("evict"))).toBe(
          false,
        );
      }),
    ));
});

describe("an offer that is taken back", () => {
  const pool = (more: object) =>
    offer({ pools: [{ name: "", resources: { cpu: "4" }, expiresAt: "", ...more }] });
  const withdrawal = (state: string) =>
    pool({ withdrawal: { state, reason: "maintenance", since: "", deadline: "2026-01-01T00:05:00Z" } });
  const cordoned = (p: Plan): boolean | undefined =>
    p.effects.flatMap((e) => (e.do === "node" ? [e.cordoned] : []))[0];

  it("leaves the node open while it only shrinks", () =>
    expect(cordoned(decide(standing({ offer: withdrawal("SHRINKING"), beyond: 2 })))).toBe(false));
  it.each([
    ["SHRINKING", "OfferShrinking", "beyond the rest at 2026-01-01T00:05:00Z is evicted"],
    ["CORDONED", "OfferCordoned", "nothing new is placed"],
    ["DRAINING", "OfferDraining", "what is left at 2026-01-01T00:05:00Z is ended"],
  ])("says what %s means, by when and why", (state, reason, message) => {
    const { word } = decide(standing({ offer: withdrawal(state) }));
    expect(word?.reason).toBe(reason);
    expect(word?.message).toContain(message);
    expect(word?.message).toContain("maintenance");
  });
  it("says when it has ended, and nothing while it stands", () => {
    expect(decide(standing({ offer: offer({ state: "GONE" }) })).word?.reason).toBe("OfferEnded");
    expect(decide(standing()).word).toBeUndefined();
    expect(decide(standing({ peer: peer({ outgoing: false }) })).word).toBeUndefined();
  });
  it("cordons the node, and says why", () => {
    const plan = decide(standing({ offer: withdrawal("CORDONED") }));
    expect(cordoned(plan)).toBe(true);
    expect(dos(plan)).not.toContain("drain");
    expect(plan).toMatchObject({
      fact: { state: "READY", reason: "OfferWithdrawn" },
      condition: { status: "True", message: expect.stringContaining("maintenance") },
    });
  });
  it("drains the pods, again and again", () => {
    const plan = decide(standing({ offer: withdrawal("DRAINING") }));
    expect(plan.effects).toContainEqual({ do: "drain", which: "all", resources: { cpu: "4" } });
    expect(plan).toMatchObject({ fact: { state: "DRAINING" }, recheckMs: 2_000 });
  });
  it("lets go what is beyond it once the withdrawal is over, and not before", () => {
    const renewed = pool({ expiresAt: "2026-01-01T01:00:00Z" });
    expect(decide(standing({ offer: renewed, beyond: 1 })).effects).toContainEqual(
      expect.objectContaining({ do: "drain", which: "beyond" }),
    );
    expect(dos(decide(standing({ offer: withdrawal("SHRINKING"), beyond: 1 })))).not.toContain("drain");
    expect(dos(decide(standing({ offer: renewed, beyond: 0 })))).not.toContain("drain");
    expect(dos(decide(standing({ offer: pool({}), beyond: 1 })))).not.toContain("drain");
  });
  it("looks again when a pod that waits for room has waited long enough", () => {
    const renewed = pool({ expiresAt: "2026-01-01T01:00:00Z" });
    expect(decide(standing({ offer: renewed, beyond: 0, nextBeyondMs: 7_000 })).recheckMs).toBe(7_000);
  });
  it("and one that ended without being renewed keeps its pods and takes no new ones", () => {
    const plan = decide(standing({ offer: pool({ expiresAt: "2025-12-31T23:59:59Z" }) }));
    expect(cordoned(plan)).toBe(true);
    expect(dos(plan)).not.toContain("drain");
    expect(plan.condition).toMatchObject({ reason: "OfferExpired" });
  });
  it("is looked at again when it would end", () => {
    const plan = decide(standing({ offer: pool({ expiresAt: in10s }) }));
    expect(cordoned(plan)).toBe(false);
    expect(plan.recheckMs).toBe(10_001);
  });
});

describe("the node of a node pool", () => {
  const pools = [
    { name: "", resources: { cpu: "4" }, labels: {}, expiresAt: "" },
    { name: "gpu", resources: { cpu: "2", "x/gpu": "1" }, labels: { gpu: "yes" }, expiresAt: "" },
  ];
  const gpu = {
    metadata: { name: "west-gpu", uid: "g" },
    spec: { clusterID: "w", pool: "gpu", resources: {} },
  } as never;
  const accepted = (...names: string[]) =>
    offer({ resources: { cpu: "6" }, pools: pools.filter((p) => names.includes(p.name)) });

  it("has the name, the size and the labels of the pool, and each node only its own", () => {
    const both = accepted("", "gpu");
    expect(decide(world({ pool: "gpu", offer: both })).effects[0]).toEqual({
      do: "virtualNode",
      name: "west-gpu",
      pool: "gpu",
      resources: { cpu: "2", "x/gpu": "1" },
      labels: { gpu: "yes" },
    });
    expect(decide(world({ offer: both })).effects[0]).toMatchObject({
      name: "west",
      resources: { cpu: "4" },
    });
  });
  it("goes when its offer has ended, though the peer gives others", () =>
    expect(decide(world({ pool: "gpu", offer: accepted(""), virtualNode: gpu, node }))).toMatchObject({
      effects: [{ do: "remove", name: "west-gpu" }],
      fact: { state: "GONE", reason: "OfferWithdrawn" },
    }));
  it("stays while nothing is known of its offer", () => {
    for (const o of [undefined, offer({ state: "PENDING", resources: {}, pools: [] })])
      expect(dos(decide(world({ pool: "gpu", offer: o, virtualNode: gpu, node })))).toEqual([
        "virtualNode",
        "node",
      ]);
  });
  it("is not made where another peer's node has the name, and says so", () => {
    const plan = decide(world({ pool: "gpu", offer: accepted("", "gpu"), takenBy: "other" }));
    expect(plan).toMatchObject({ effects: [], condition: { reason: "NodeNameTaken" } });
  });
});

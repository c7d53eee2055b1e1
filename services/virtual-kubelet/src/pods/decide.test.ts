import type { ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Effect, GATHER_MS, type World } from "./decide.ts";

const NOW = "2026-01-01T00:00:00Z";
const local = (status: object = {}, meta: object = {}, spec: object = {}): Pod => ({
  metadata: { name: "p", namespace: "shop", uid: "u1", ...meta },
  spec: { nodeName: "west", containers: [{ name: "c" }], ...spec },
  status,
});
const shadow = (spec: object = {}, status?: object): ShadowPod =>
  ({
    metadata: { name: "p", uid: "s1" },
    spec: { originUID: "u1", originNamespace: "shop", pod: {}, ...spec },
    ...(status ? { status } : {}),
  }) as never;
const remote = (status: object = {}, origin = "u1"): Pod => ({
  metadata: { name: "p", uid: "r1", annotations: { "tideway.dev/origin-uid": origin } },
  status,
});
const running = {
  phase: "Running",
  startTime: NOW,
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: NOW }],
  containerStatuses: [
    {
      name: "c",
      ready: true,
      restartCount: 0,
      image: "i",
      imageID: "",
      state: { running: { startedAt: NOW } },
    },
  ],
};
const refused = (phase: string) => ({
  phase,
  conditions: [{ type: "Ready", status: "False", reason: "FieldRefused", message: "no" }],
});
const DELETING = { deletionTimestamp: NOW, deletionGracePeriodSeconds: 30 };

const world = (more: Partial<World> = {}): World => ({
  local: local(),
  shadow: undefined,
  remote: undefined,
  offloaded: true,
  known: true,
  healthy: true,
  inFlight: false,
  waitedMs: 0,
  forwarded: { is: "h", want: "h" },
  hold: false,
  addresses: undefined,
  nowIso: NOW,
  ...more,
});
const dos = (w: World): Effect["do"][] => decide(w).effects.map((e) => e.do);

describe("a pod that is to run", () => {
  it("gets a ShadowPod", () => expect(dos(world())).toEqual(["createShadow"]));
  it("is refused when it came from a peer itself, though its namespace has a twin", () => {
    const w = world();
    const labels = { "tideway.dev/origin": "east-id" };
    const local = { ...w.local!, metadata: { ...w.local!.metadata, labels } };
    expect(decide({ ...w, local }).effects).toMatchObject([
      { do: "status", change: { phase: "Failed", reason: "ForeignPod" } },
    ]);
  });
  it("gets none before all caches have synced", () => expect(dos(world({ known: false }))).toEqual([]));
  it("gets none while the provider is away", () => expect(dos(world({ healthy: false }))).toEqual([]));
  it("gets no second one while the cache does not show the first", () =>
    expect(dos(world({ inFlight: true }))).toEqual([]));
  it("waits with the reason while its namespace has no twin, and says it once", () => {
    const [effect] = decide(world({ offloaded: false })).effects;
    expect(effect).toMatchObject({ do: "status", change: { reason: "NamespaceNotOffloaded" } });
    const told = local(effect?.do === "status" ? effect.change : {});
    expect(dos(world({ offloaded: false, local: told }))).toEqual([]);
  });
  it("waits for the ShadowPod of an older pod of its name to go", () =>
    expect(decide(world({ shadow: shadow({ originUID: "u0" }) })).effects).toEqual([
      { do: "deleteShadow", uid: "s1" },
    ]));
  it("does not take an older pod's status for its own", () =>
    expect(dos(world({ shadow: shadow(), remote: remote(running, "u0") }))).toEqual([]));
  it("forwards what may change", () =>
    expect(dos(world({ shadow: shadow(), forwarded: { is: "a", want: "b" } }))).toEqual(["forward"]));
});

describe("a pod that is about to be bound to the node", () => {
  const none = { local: undefined, chosen: local({}, {}, { nodeName: "" }) };
  const held = (originUID = "u1"): ShadowPod => {
    const s = shadow({ originUID });
    return { ...s, metadata: { ...s.metadata, labels: { "offloading.tideway.dev/held": "true" } } };
  };
  it("is sent ahead, and held there", () =>
    expect(decide(world(none)).effects).toEqual([{ do: "createShadow", held: true }]));
  it("is not sent ahead of its claims, its namespace, or while the provider is away", () => {
    for (const more of [{ missingClaim: "m" }, { offloaded: false }, { healthy: false }, { inFlight: true }])
      expect(dos(world({ ...none, ...more }))).toEqual([]);
  });
  it("is held for as long as it is about to be bound", () =>
    expect(dos(world({ ...none, shadow: held(), awaited: true }))).toEqual([]));
  it("may run over there when it is bound here", () =>
    expect(dos(world({ shadow: held() }))).toEqual(["letRun"]));
  it("is called back when it is not bound here after all", () =>
    expect(decide(world({ local: undefined, shadow: held(), awaited: false })).effects).toEqual([
      { do: "callBack", uid: "s1", originUID: "u1" },
    ]));
  it("goes where it was bound, should that be another pool of the provider's nodes", () =>
    expect(dos(world({ shadow: held(), misplaced: true }))).toEqual(["deleteShadow"]));
  it("gives way to another pod of the name", () =>
    expect(dos(world({ shadow: held("u0") }))).toEqual(["deleteShadow"]));
  it("is not called back because of a cache that is not complete", () =>
    expect(dos(world({ local: undefined, shadow: held(), awaited: false, known: false }))).toEqual([]));
});

describe("status", () => {
  const w = (status: object, here: object = {}, waitedMs = 0) =>
    world({ local: local(here), shadow: shadow(), remote: remote(status), waitedMs });
  it("that somebody waits for is written at once", () => expect(dos(w(running))).toEqual(["status"]));
  it("is written once", () => expect(dos(w(running, running))).toEqual([]));
  const creating = {
    phase: "Pending",
    containerStatuses: [
      {
        name: "c",
        ready: false,
        restartCount: 0,
        image: "i",
        imageID: "",
        state: { waiting: { reason: "ContainerCreating" } },
      },
    ],
  };
  it("on the way to Running is gathered", () =>
    expect(decide(w(creating))).toEqual({ effects: [], recheckMs: GATHER_MS }));
  it("on the way to Running is written when it takes long", () =>
    expect(dos(w(creating, {}, GATHER_MS))).toEqual(["status"]));
  const trouble = {
    ...creating,
    containerStatuses: [
      { ...creating.containerStatuses[0], state: { waiting: { reason: "ImagePullBackOff" } } },
    ],
  };
  it("of a container in trouble is written at once", () => expect(dos(w(trouble))).toEqual(["status"]));
  it("is not written while the provider is away", () =>
    expect(dos({ ...w(running), healthy: false })).toEqual([]));
});

describe("the end", () => {
  it("that the provider wrote down for a refused pod fails it, with an event", () =>
    expect(decide(world({ shadow: shadow({}, refused("Failed")) })).effects).toMatchObject([
      {
        do: "status",
        change: { phase: "Failed", reason: "FieldRefused", message: "no" },
        event: { reason: "FieldRefused" },
      },
    ]));
  it("is not near when the provider will try again", () =>
    expect(decide(world({ shadow: shadow({}, refused("Pending")) })).effects).toMatchObject([
      { change: { reason: "FieldRefused" } },
    ]));
  it("of a pod that vanished at the provider is Failed, never a second start", () =>
    expect(decide(world({ local: local(running) })).effects).toMatchObject([
      { do: "status", change: { phase: "Failed", reason: "RemotePodLost" } },
    ]));
  it.each(["Succeeded", "Failed"])("%s is absorbing", (phase) => {
    for (const more of [{}, { shadow: shadow(), remote: remote(running) }, { remote: remote(running, "u0") }])
      expect(dos(world({ local: local({ phase }), ...more }))).toEqual([]);
  });
});

describe("a pod that is deleted", () => {
  const w = (more: Partial<World> = {}) => world({ local: local(running, DELETING), ...more });
  it("has its ShadowPod deleted first", () =>
    expect(decide(w({ shadow: shadow(), remote: remote(running) })).effects).toEqual([
      { do: "deleteShadow", uid: "s1" },
    ]));
  it("tells its grace only where it is not that of the spec", () =>
    expect(
      decide(w({ local: local(running, { ...DELETING, deletionGracePeriodSeconds: 5 }), shadow: shadow() }))
        .effects,
    ).toEqual([{ do: "deleteShadow", uid: "s1", gracePeriodSeconds: 5 }]));
  it("stays until the provider's pod is gone", () => expect(dos(w({ remote: remote(running) }))).toEqual([]));
  it("goes when nothing is left there", () =>
    expect(decide(w()).effects).toEqual([{ do: "finish", uid: "u1" }]));
  it("goes although another pod of the name runs there", () =>
    expect(dos(w({ remote: remote(running, "u0") }))).toEqual(["finish"]));
  it("stays while the provider is away", () => expect(dos(w({ healthy: false }))).toEqual([]));
  it("shows how it ended to whoever holds it by a finalizer", () => {
    const held = local(running, { ...DELETING, finalizers: ["batch.kubernetes.io/job-tracking"] });
    expect(decide(w({ local: held, remote: remote({ phase: "Succeeded" }) })).effects).toMatchObject([
      { do: "status", change: { phase: "Succeeded" } },
    ]);
  });
});

describe("a pod that is to be held while the provider is away", () => {
  const usual = (key: string) => ({
    key: `node.kubernetes.io/${key}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: 300,
  });
  const other = { key: "mine", operator: "Exists" };
  const w = (tolerations: object[], more: Partial<World> = {}) =>
    world({
      local: local(running, {}, { tolerations }),
      shadow: shadow(),
      healthy: false,
      hold: true,
      ...more,
    });
  it("tolerates the outage for ever", () => {
    const [effect] = decide(w([other, usual("not-ready"), usual("unreachable")])).effects;
    const unbounded = ["not-ready", "unreachable"].map((key) => ({
      key: `node.kubernetes.io/${key}`,
      operator: "Exists",
      effect: "NoExecute",
    }));
    expect(effect).toEqual({ do: "tolerate", uid: "u1", tolerations: [other, ...unbounded] });
    expect(dos(w([other, ...unbounded]))).toEqual([]);
  });
  it("is left as it is while the provider answers, or by any other policy", () => {
    expect(dos(w([usual("not-ready")], { healthy: true, remote: remote(running) }))).toEqual([]);
    expect(dos(w([usual("not-ready")], { hold: false }))).toEqual([]);
  });
});

describe("a ShadowPod without a pod", () => {
  it("is deleted", () =>
    expect(decide(world({ local: undefined, shadow: shadow() })).effects).toEqual([
      { do: "deleteShadow", uid: "s1" },
    ]));
  it("is left while the caches have not synced", () =>
    expect(dos(world({ local: undefined, shadow: shadow(), known: false }))).toEqual([]));
});

const phases = fc.constantFrom("Pending", "Running", "Succeeded", "Failed");
const anyWorld: fc.Arbitrary<World> = fc
  .record({
    local: fc.option(
      fc.record({ phase: phases, deleting: fc.boolean(), started: fc.boolean(), finalizer: fc.boolean() }),
      { nil: undefined },
    ),
    shadow: fc.option(
      fc.record({ origin: fc.constantFrom("u0", "u1"), status: fc.option(phases, { nil: undefined }) }),
      { nil: undefined },
    ),
    remote: fc.option(fc.record({ origin: fc.constantFrom("u0", "u1"), phase: phases }), { nil: undefined }),
    offloaded: fc.boolean(),
    known: fc.boolean(),
    healthy: fc.boolean(),
    inFlight: fc.boolean(),
    waitedMs: fc.nat(2 * GATHER_MS),
  })
  .map((r) =>
    world({
      ...r,
      local:
        r.local &&
        local(
          { phase: r.local.phase, ...(r.local.started ? { startTime: NOW } : {}) },
          { ...(r.local.deleting ? DELETING : {}), ...(r.local.finalizer ? { finalizers: ["x"] } : {}) },
        ),
      shadow: r.shadow && shadow({ originUID: r.shadow.origin }, r.shadow.status && refused(r.shadow.status)),
      remote: r.remote && remote({ phase: r.remote.phase }, r.remote.origin),
    }),
  );

describe("in every world", () => {
  const check = (property: (w: World, effects: Effect[]) => void) =>
    fc.assert(
      fc.property(anyWorld, (w) => property(w, decide(w).effects)),
      { numRuns: 2_000 },
    );

  it("nothing is done on caches that have not synced", () =>
    check((w, e) => void (w.known || expect(e.filter((x) => x.do !== "finish")).toEqual([]))));
  it("a pod is started only when no trace of it is anywhere", () =>
    check((w, e) => {
      if (!e.some((x) => x.do === "createShadow")) return;
      expect(w.shadow).toBeUndefined();
      expect(w.local?.status?.startTime).toBeUndefined();
      expect(w.local?.metadata.deletionTimestamp).toBeUndefined();
      expect(w.remote?.metadata.annotations?.["tideway.dev/origin-uid"]).not.toBe("u1");
    }));
  it("a phase that is terminal never changes", () =>
    check((w, e) => {
      if (!["Succeeded", "Failed"].includes(w.local?.status?.phase ?? "")) return;
      for (const x of e) if (x.do === "status") expect(x.change).not.toHaveProperty("phase");
    }));
  it("a pod leaves the API only after its deletion, and not while its remote part is known to stand", () =>
    check((w, e) => {
      if (!e.some((x) => x.do === "finish")) return;
      expect(w.local?.metadata.deletionTimestamp).toBeDefined();
      if (w.offloaded) expect(w.shadow).toBeUndefined();
    }));
  it("what was just written is not written again", () =>
    check((w, e) => {
      for (const x of e) {
        if (x.do !== "status" || !w.local) continue;
        const { conditions: _, ...change } = x.change;
        const status = Object.fromEntries(
          Object.entries({ ...w.local.status, ...change, conditions: x.change["conditions"] }).filter(
            ([, v]) => v !== null && v !== undefined,
          ),
        );
        const again = decide({ ...w, local: { ...w.local, status: status } }).effects;
        expect(again.filter((y) => y.do === "status")).toEqual([]);
      }
    }));
});

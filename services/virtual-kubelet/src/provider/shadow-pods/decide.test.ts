import type { ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { POD_FINALIZER } from "../labels.ts";
import { decide, type Effect, type World } from "./decide.ts";

const shadow = (more: Partial<ShadowPod["metadata"]> = {}, rest: Partial<ShadowPod> = {}): ShadowPod => ({
  metadata: { name: "web", namespace: "tideway-east--shop", uid: "s1", generation: 1, ...more },
  spec: { originUID: "o1", originNamespace: "shop", pod: { containers: [] } },
  ...rest,
});
const pod = (
  more: Partial<Pod["metadata"]> = {},
  status: object = { phase: "Running" },
  owner = "s1",
): Pod => ({
  metadata: {
    name: "web",
    namespace: "tideway-east--shop",
    uid: "p1",
    finalizers: [POD_FINALIZER],
    ownerReferences: [{ apiVersion: "v1", kind: "ShadowPod", name: "web", uid: owner, controller: true }],
    ...more,
  },
  status,
});
const going = { deletionTimestamp: "2030-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 };
const gone = { ...going, deletionGracePeriodSeconds: 0 };
const world = (more: Partial<World> = {}): World => ({
  shadow: shadow(),
  pod: undefined,
  nameTaken: false,
  namespace: "twin",
  concluded: false,
  ended: undefined,
  departed: undefined,
  refusals: [],
  pool: "given",
  ...more,
});
const ended = { phase: "Failed" as const, reason: "PodDeleted", message: "m" };
const bad = {
  ...shadow(),
  status: {
    conditions: [
      { type: "Ready", status: "False" as const, reason: "x", message: "", lastTransitionTime: "" },
    ],
  },
};

describe("a ShadowPod and its pod", () => {
  it.each<[string, Partial<World>, Partial<Effect>[]]>([
    ["gets its pod", {}, [{ do: "create" }]],
    ["is compared with its pod", { pod: pod() }, [{ do: "forward" }]],
    [
      "says so when its pod stands after all",
      { shadow: bad, pod: pod() },
      [{ do: "forward" }, { do: "report", phase: "Pending" }],
    ],
    ["outside a twin namespace is not ours", { namespace: "other" }, []],
    ["in a namespace that ends gets no pod", { namespace: "terminating" }, []],
    [
      "with a refused field gets none",
      { refusals: [{ field: "hostPID", message: "no" }] },
      [{ do: "report", phase: "Failed" }],
    ],
    [
      "with an image that the owner's policy refuses gets none",
      { refusals: [{ field: "containers[0].image", message: "no", rule: "images.allow" }] },
      [{ do: "report", phase: "Failed", condition: expect.objectContaining({ reason: "PolicyRefused" }) }],
    ],
    ["whose name is taken waits", { nameTaken: true }, [{ do: "report", phase: "Pending" }]],
    ["that is concluded gets no second pod", { concluded: true }, []],
    ["whose pod vanished before our eyes is concluded", { ended }, [{ do: "conclude", ended }]],
    ["whose pod is being ended by the owner waits", { pod: pod(going) }, []],
    [
      "whose pod was ended by the owner is concluded, then the pod let go",
      { pod: pod(gone) },
      [{ do: "conclude" }, { do: "release" }],
    ],
    ["that is concluded lets the pod go", { pod: pod(gone), concluded: true }, [{ do: "release" }]],
    [
      "whose finalizer somebody took is concluded alone",
      { pod: pod({ ...gone, finalizers: [] }) },
      [{ do: "conclude" }],
    ],
  ])("%s", (_what, more, effects) => expect(decide(world(more))).toMatchObject(effects));

  it.each<[string, Partial<World>, object[]]>([
    [
      "that went asks before it ends a pod it only misses",
      { pod: pod() },
      [{ verify: true, end: true, owner: "s1" }],
    ],
    [
      "that was seen going ends its pod with the wanted grace",
      { pod: pod(), departed: { gracePeriodSeconds: 5 } },
      [{ verify: false, gracePeriodSeconds: 5 }],
    ],
    ["lets a pod go that ends already", { pod: pod(going), departed: {} }, [{ end: false }]],
    [
      "shortens the grace of a pod that ends already",
      { pod: pod(going), departed: { gracePeriodSeconds: 1 } },
      [{ end: true, gracePeriodSeconds: 1 }],
    ],
    [
      "has nothing left to do with a pod that was let go",
      { pod: pod({ ...going, finalizers: [] }), departed: {} },
      [],
    ],
  ])("%s", (_what, more, effects) =>
    expect(decide(world({ shadow: undefined, ...more }))).toMatchObject(
      effects.map((e) => ({ do: "dismiss", uid: "p1", ...e })),
    ),
  );

  it("the pod of an earlier one of the name goes first", () => {
    expect(decide(world({ pod: pod({}, {}, "s0") }))).toMatchObject([
      { do: "dismiss", owner: "s0", verify: true },
    ]);
  });
  it("keeps how the pod ended", () => {
    const evicted = pod(gone, { phase: "Failed", reason: "Evicted", message: "low on memory" });
    expect(decide(world({ pod: evicted }))[0]).toMatchObject({
      ended: { phase: "Failed", reason: "Evicted", message: "low on memory" },
    });
    const done = pod(gone, { phase: "Succeeded" });
    expect(decide(world({ pod: done }))[0]).toMatchObject({ ended: { phase: "Succeeded" } });
  });
});

const worlds = fc.record({
  shadow: fc.constantFrom(undefined, shadow(), shadow({ deletionTimestamp: "t" }), bad),
  pod: fc.constantFrom(
    undefined,
    pod(),
    pod(going),
    pod(gone),
    pod({}, {}, "s0"),
    pod({ ...gone, finalizers: [] }),
  ),
  nameTaken: fc.boolean(),
  namespace: fc.constantFrom<World["namespace"]>("twin", "terminating", "other"),
  concluded: fc.boolean(),
  ended: fc.constantFrom(undefined, ended),
  departed: fc.constantFrom(undefined, {}),
  refusals: fc.constantFrom([], [{ field: "f", message: "m" }]),
  pool: fc.constantFrom<World["pool"]>("given", "unknown", "none"),
});

describe("whatever the world", () => {
  const has = (effects: Effect[], what: Effect["do"]): boolean => effects.some((e) => e.do === what);
  it("a pod is made only for a living ShadowPod without pod and without end", () => {
    fc.assert(
      fc.property(worlds, (w) => {
        if (!has(decide(w), "create")) return;
        expect(w).toMatchObject({
          pod: undefined,
          concluded: false,
          ended: undefined,
          nameTaken: false,
          namespace: "twin",
          refusals: [],
          pool: "given",
        });
        expect(w.shadow?.metadata.deletionTimestamp).toBeUndefined();
      }),
    );
  });
  it("a pod is let go only when its ShadowPod is gone or its end is written down before", () => {
    fc.assert(
      fc.property(worlds, (w) => {
        const effects = decide(w);
        if (has(effects, "release")) expect(w.concluded || effects[0]?.do === "conclude").toBe(true);
        if (has(effects, "dismiss"))
          expect(
            w.shadow?.metadata.deletionTimestamp !== undefined ||
              !w.shadow ||
              w.pod?.metadata.ownerReferences?.[0]?.uid !== w.shadow.metadata.uid,
          ).toBe(true);
      }),
    );
  });
});

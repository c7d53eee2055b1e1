import { TRACEPARENT } from "@tideway/api";
import { describe, expect, test } from "vitest";
import { bodyFingerprint } from "./compare.ts";
import { copyBody } from "./body.ts";
import { decide, MAX_PULLED, type Effect, type World } from "./decide.ts";
import { aCopy, anObject, aPull, aWorld, THEM, US } from "./fixtures.ts";

const does = (w: World): Effect["do"][] => decide(w).effects.map((e) => e.do);
const held = anObject({ held: true });

describe("push", () => {
  test.each<[string, World, Effect["do"][], string]>([
    [
      "holds a new origin before it makes the copy",
      aWorld({ origin: anObject() }),
      ["hold", "createCopy"],
      "Pending",
    ],
    [
      "makes the copy without waiting for the peer's list",
      aWorld({ origin: held, copySynced: false }),
      ["createCopy"],
      "Pending",
    ],
    ["leaves alone what is alike", aWorld({ origin: held, copy: aCopy() }), [], "InSync"],
    ["puts a lost finalizer back", aWorld({ origin: anObject(), copy: aCopy() }), ["hold"], "Pending"],
    [
      "carries a changed spec",
      aWorld({ origin: anObject({ held: true, spec: { size: 2 } }), copy: aCopy() }),
      ["updateCopy"],
      "Pending",
    ],
    [
      "carries a changed trace",
      aWorld({ origin: anObject({ held: true, annotations: { [TRACEPARENT]: "t" } }), copy: aCopy() }),
      ["updateCopy"],
      "Pending",
    ],
    [
      "brings the status back",
      aWorld({ origin: held, copy: aCopy({ status: { decision: "Accepted" } }) }),
      ["writeStatus"],
      "Pending",
    ],
    [
      "waits for a copy that is being deleted",
      aWorld({ origin: held, copy: aCopy({ deleting: true }) }),
      [],
      "Pending",
    ],
    [
      "removes the copy of an earlier origin first",
      aWorld({ origin: held, copy: aCopy({ of: "u0" }) }),
      ["deleteCopy"],
      "Pending",
    ],
    [
      "takes no status from the copy of an earlier origin",
      aWorld({ origin: held, copy: aCopy({ of: "u0", status: { x: 1 } }) }),
      ["deleteCopy"],
      "Pending",
    ],
    [
      "removes the copy of an origin on its way out",
      aWorld({ origin: anObject({ held: true, deleting: true }), copy: aCopy() }),
      ["deleteCopy"],
      "Pending",
    ],
    [
      "keeps the finalizer while the copy ends",
      aWorld({ origin: anObject({ held: true, deleting: true }), copy: aCopy({ deleting: true }) }),
      [],
      "Pending",
    ],
    [
      "lets go when no copy is left",
      aWorld({ origin: anObject({ held: true, deleting: true }) }),
      ["release"],
      "Pending",
    ],
    [
      "does not let go on an absence nobody has looked for",
      aWorld({ origin: anObject({ held: true, deleting: true }), copySynced: false }),
      [],
      "Pending",
    ],
    [
      "does not start what is already on its way out",
      aWorld({ origin: anObject({ deleting: true }) }),
      [],
      "Nothing",
    ],
    ["removes a copy whose origin is gone", aWorld({ copy: aCopy() }), ["deleteCopy"], "Pending"],
    [
      "destroys nothing before the own cache is complete",
      aWorld({ copy: aCopy(), originSynced: false }),
      [],
      "Nothing",
    ],
    [
      "never touches an object that is not its copy",
      aWorld({ origin: held, copy: anObject({ uid: "x" }) }),
      [],
      "NameTaken",
    ],
    [
      "never touches another cluster's copy",
      aWorld({ origin: held, copy: aCopy({ from: THEM }) }),
      [],
      "NameTaken",
    ],
    ["does not push back what a peer pushed here", aWorld({ origin: aCopy({ from: THEM }) }), [], "Nothing"],
    [
      "lets a foreign object be when its own origin ends",
      aWorld({ origin: anObject({ held: true, deleting: true }), copy: anObject({ uid: "x" }) }),
      ["release"],
      "Pending",
    ],
  ])("%s", (_name, world, effects, state) => {
    expect(does(world)).toEqual(effects);
    expect(decide(world).state).toBe(state);
  });

  test("a peer that is away is left alone; what waits is counted", () => {
    const away = (o: Partial<World>): World => aWorld({ reachable: false, ...o });
    expect(decide(away({ origin: anObject() }))).toEqual({ effects: [], state: "Pending" });
    expect(decide(away({ origin: anObject({ held: true, deleting: true }), copy: aCopy() }))).toEqual({
      effects: [],
      state: "Pending",
    });
    expect(does(away({ origin: held, copy: aCopy({ status: { seen: true } }) }))).toEqual(["writeStatus"]);
  });

  test("after the deadline the origin is let go without asking, and nothing is begun", () => {
    const over = (o: Partial<World>): World =>
      aWorld({ ended: true, reachable: false, copySynced: false, ...o });
    expect(decide(over({ origin: anObject({ held: true, deleting: true }), copy: aCopy() })).effects).toEqual(
      [{ do: "release", uid: "u1", confirm: false }],
    );
    expect(does(over({ origin: anObject() }))).toEqual([]);
    expect(does(over({ origin: held }))).toEqual([]);
  });

  test("deletes by uid and only after asking for the origin the copy was made from", () => {
    expect(decide(aWorld({ copy: aCopy({ uid: "c9", of: "u9" }) })).effects).toEqual([
      { do: "deleteCopy", uid: "c9", originUid: "u9" },
    ]);
  });

  test("updates carry the uid of the copy", () => {
    const [effect] = decide(
      aWorld({ origin: anObject({ held: true, spec: { size: 2 }, generation: 2 }), copy: aCopy() }),
    ).effects;
    expect(effect).toMatchObject({ do: "updateCopy", body: { metadata: { uid: "c1" }, spec: { size: 2 } } });
  });

  test("what a server defaulted or pruned is not applied again", () => {
    const copy = aCopy({ spec: { size: 1, defaulted: true } });
    const body = copyBody(held, US, {});
    expect(does(aWorld({ origin: held, copy }))).toEqual(["updateCopy"]);
    const settled = { body: { fingerprint: bodyFingerprint(body), resourceVersion: "7" } };
    expect(decide(aWorld({ origin: held, copy, settled }))).toEqual({ effects: [], state: "InSync" });
  });

  test("a kind without status keeps its own", () => {
    expect(
      does(
        aWorld({
          kind: { status: false },
          origin: held,
          copy: aCopy({ status: { x: 1 } }),
        }),
      ),
    ).toEqual([]);
  });
});

describe("pull", () => {
  const copyHere = aCopy({ from: THEM });
  test.each<[string, World, Effect["do"][], string]>([
    [
      "makes the copy, and writes nothing at the peer",
      aPull({ origin: anObject() }),
      ["createCopy"],
      "Pending",
    ],
    [
      "carries a changed spec",
      aPull({ origin: anObject({ spec: { size: 2 } }), copy: copyHere }),
      ["updateCopy"],
      "Pending",
    ],
    [
      "carries the status along",
      aPull({ origin: anObject({ status: { x: 1 } }), copy: copyHere }),
      ["writeStatus"],
      "Pending",
    ],
    [
      "is content with what is alike",
      aPull({ origin: anObject({ status: { x: 1 } }), copy: aCopy({ from: THEM, status: { x: 1 } }) }),
      [],
      "InSync",
    ],
    [
      "follows an origin until it is gone",
      aPull({ origin: anObject({ deleting: true }), copy: copyHere }),
      [],
      "InSync",
    ],
    ["removes the copy of an origin that is gone", aPull({ copy: copyHere }), ["deleteCopy"], "Pending"],
    [
      "keeps the copy while the peer's list is not complete",
      aPull({ copy: copyHere, originSynced: false }),
      [],
      "Nothing",
    ],
    [
      "replaces the copy of an earlier origin",
      aPull({ origin: anObject({ uid: "u2" }), copy: copyHere }),
      ["deleteCopy"],
      "Pending",
    ],
    [
      "never touches an object of this cluster",
      aPull({ origin: anObject(), copy: anObject({ uid: "x" }) }),
      [],
      "NameTaken",
    ],
    ["leaves one too many where it is", aPull({ origin: anObject(), hasRoom: false }), [], "TooMuch"],
    [
      "leaves one that is too large where it is, also as a change of a copy",
      aPull({ origin: anObject({ spec: { text: "x".repeat(MAX_PULLED.bytes) } }), copy: copyHere }),
      [],
      "TooMuch",
    ],
    ["does not pull back what was pushed there", aPull({ origin: aCopy({ from: US }) }), [], "Nothing"],
    ["keeps the copy while the peer is away", aPull({ copy: copyHere, reachable: false }), [], "Pending"],
    [
      "removes the copy when the peering is over",
      aPull({ origin: anObject(), copy: copyHere, ended: true, reachable: false }),
      ["deleteCopy"],
      "Pending",
    ],
  ])("%s", (_name, world, effects, state) => {
    expect(does(world)).toEqual(effects);
    expect(decide(world).state).toBe(state);
  });

  test("labels the copy with the peer", () => {
    const [effect] = decide(
      aPull({ origin: anObject(), copyLabels: { "tideway.dev/peer": "west" } }),
    ).effects;
    expect(effect).toMatchObject({
      do: "createCopy",
      body: {
        metadata: {
          labels: { "tideway.dev/peer": "west", "tideway.dev/origin": THEM },
          annotations: { "tideway.dev/origin-uid": "u1" },
        },
      },
    });
  });
});

describe("observedGeneration", () => {
  const status = {
    observedGeneration: 5,
    conditions: [{ type: "Ready", status: "True", observedGeneration: 5 }],
  };
  const written = (w: World): unknown =>
    decide(w).effects.flatMap((e) => (e.do === "writeStatus" ? [e.status] : []))[0];

  test("becomes the origin's when the peer has seen the newest spec", () => {
    const world = aWorld({
      origin: anObject({ held: true, generation: 3 }),
      copy: aCopy({ generation: 5, ofGeneration: 3, status }),
    });
    expect(written(world)).toEqual({
      observedGeneration: 3,
      conditions: [{ type: "Ready", status: "True", observedGeneration: 3 }],
    });
  });
  test("stays behind while the copy is", () => {
    const world = aWorld({
      origin: anObject({ held: true, generation: 4 }),
      copy: aCopy({ generation: 5, ofGeneration: 3, status }),
    });
    expect(written(world)).toMatchObject({ observedGeneration: 3 });
    const unseen = { observedGeneration: 4 };
    const lagging = aWorld({
      origin: anObject({ held: true, generation: 9 }),
      copy: aCopy({ generation: 5, ofGeneration: 9, status: unseen }),
    });
    expect(written(lagging)).toEqual({ observedGeneration: 8 });
  });
  test("the order of conditions says nothing", () => {
    const [a, b] = [
      { type: "A", status: "True" },
      { type: "B", status: "True" },
    ];
    const world = aWorld({
      origin: anObject({ held: true, status: { conditions: [a, b] } }),
      copy: aCopy({ status: { conditions: [b, a] } }),
    });
    expect(does(world)).toEqual([]);
  });
});

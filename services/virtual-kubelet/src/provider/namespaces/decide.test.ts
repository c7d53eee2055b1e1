import type { NamespaceMap } from "@tideway/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type Existing, readiness, type World } from "./decide.ts";

const map = (...namespaces: string[]): NamespaceMap => ({
  metadata: { name: "namespaces", generation: 3 },
  spec: { namespaces },
});
const twin = (source: string, more: Partial<Existing> = {}): Existing => ({
  name: `tideway-east--${source}`,
  uid: `uid-${source}`,
  source,
  terminating: false,
  furnished: true,
  occupied: false,
  ...more,
});
const world = (more: Partial<World> = {}): World => ({
  origin: "east-id",
  peer: "east",
  standing: "granted",
  map: map("shop"),
  existing: [],
  taken: new Set(),
  ...more,
});
const doings = (w: World): string[] =>
  decide(w).effects.map((e) => `${e.do} ${"twin" in e ? e.twin.name : e.name}`);

describe("twin namespaces of a consumer", () => {
  it.each<[string, Partial<World>, string[]]>([
    ["a new one is made, then furnished", {}, ["create tideway-east--shop", "furnish tideway-east--shop"]],
    ["one that stands whole is left alone", { existing: [twin("shop")] }, []],
    [
      "what is missing in one is put back",
      { existing: [twin("shop", { furnished: false })] },
      ["furnish tideway-east--shop"],
    ],
    [
      "one whose Pod Security level is another now gets it",
      { level: "restricted", existing: [twin("shop", { level: "baseline" })] },
      ["secure tideway-east--shop"],
    ],
    ["one that is ending is waited for", { existing: [twin("shop", { terminating: true })] }, []],
    [
      "a taken name is only tried again",
      { taken: new Set(["tideway-east--shop"]) },
      ["create tideway-east--shop"],
    ],
    [
      "one withdrawn is locked, then deleted",
      { map: map(), existing: [twin("shop")] },
      ["unbind tideway-east--shop", "delete tideway-east--shop"],
    ],
    [
      "one with pods in it is emptied before",
      { map: map(), existing: [twin("shop", { occupied: true })] },
      ["unbind tideway-east--shop", "empty tideway-east--shop"],
    ],
    [
      "with the identity all go",
      { standing: "revoked", existing: [twin("shop")] },
      ["unbind tideway-east--shop", "delete tideway-east--shop"],
    ],
    [
      "of a revoked peer whose pods are kept each is locked, and stays",
      {
        standing: "suspended",
        existing: [twin("shop", { occupied: true }), twin("old", { terminating: true })],
      },
      ["unbind tideway-east--shop"],
    ],
    [
      "without the map all go",
      { map: undefined, existing: [twin("shop")] },
      ["unbind tideway-east--shop", "delete tideway-east--shop"],
    ],
    [
      "where nothing is known nothing is destroyed",
      { standing: "unknown", map: undefined, existing: [twin("shop")] },
      [],
    ],
  ])("%s", (_what, more, effects) => expect(doings(world(more))).toEqual(effects));

  it("says which namespace is not ready, and why", () => {
    const m = map("shop", "bank");
    const { namespaces } = decide(
      world({ map: m, existing: [twin("bank")], taken: new Set(["tideway-east--shop"]) }),
    );
    expect(namespaces).toMatchObject([
      { source: "shop", ready: false, message: expect.stringContaining("does not belong to this peer") },
      { source: "bank", ready: true },
    ]);
    expect(readiness(m, namespaces ?? [], "2030-01-01T00:00:00Z")).toMatchObject({
      status: "False",
      reason: "NamespacesNotReady",
      observedGeneration: 3,
    });
  });

  it("nothing outside the wishes is ever made, and nothing inside them deleted", () => {
    const source = fc.constantFrom("a", "b", "c", "d");
    const existing = fc.uniqueArray(source, { maxLength: 4 }).map((list) => list.map((s) => twin(s)));
    fc.assert(
      fc.property(fc.uniqueArray(source), existing, (wished, there) => {
        const { effects } = decide(world({ map: map(...wished), existing: there }));
        for (const e of effects)
          if ("twin" in e) expect(wished).toContain(e.twin.source);
          else expect(wished.map((s) => `tideway-east--${s}`)).not.toContain(e.name);
      }),
    );
  });
});

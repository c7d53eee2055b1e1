import { expect, it } from "vitest";
import { ENDING_MS, endingData } from "./ending-data.ts";

const AT = Date.parse("2026-01-01T00:00:00Z");
const ending = (state: string, o: { deleted?: boolean; ms?: number; peer?: string } = {}): string[] =>
  endingData({
    volumes: {
      list: () => [{ peer: o.peer ?? "west", id: "u", data: { state, namespace: "shop" } }] as never,
    },
    namespaces: {
      get: () => ({
        metadata: {
          name: "shop",
          ...((o.deleted ?? true) ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
        },
      }),
    },
    now: () => AT + (o.ms ?? 0),
  })("west");

it("holds the twin of a deleted namespace until its data is told to go", () => {
  for (const state of ["PENDING", "BOUND", "DELETING"]) expect(ending(state)).toEqual(["shop"]);
});
it("holds none for data that is kept or gone, of another peer, or of a namespace that stays", () => {
  for (const state of ["KEPT", "GONE"]) expect(ending(state)).toEqual([]);
  expect(ending("BOUND", { peer: "north" })).toEqual([]);
  expect(ending("BOUND", { deleted: false })).toEqual([]);
});
it("holds it no longer than a peer may take that does not answer", () =>
  expect(ending("DELETING", { ms: ENDING_MS })).toEqual([]));

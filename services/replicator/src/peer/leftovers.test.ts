import { PEER } from "@tideway/api/names";
import { expect, test } from "vitest";
import { aCopy, anObject, THEM, US } from "../copy/fixtures.ts";
import type { CopyObject, Direction, Kind } from "../ports.ts";
import { DEFAULT_KINDS, registryOf } from "../registry/registry.ts";
import { mayBeLeftover } from "./leftovers.ts";

const kindOf = (direction: Direction): Kind =>
  registryOf(DEFAULT_KINDS).find((k) => k.direction === direction)!;
const pulled = aCopy({ from: THEM, labels: { [PEER]: "west" } });
const pushedHere = aCopy({ from: US });
const heldOnItsWay = anObject({ held: true, deleting: true });

test.each<[string, Direction, CopyObject, boolean]>([
  ["a pushed origin that is held on its way out", "Push", heldOnItsWay, true],
  ["a pushed origin that stands", "Push", anObject({ held: true }), false],
  ["a copy that a peer pushed here", "Push", pushedHere, false],
  ["a pulled copy", "Pull", pulled, true],
  ["an origin of ours that peers pull", "Pull", heldOnItsWay, false],
  ["a held origin of a kind that goes both ways", "Both", heldOnItsWay, true],
  ["a pulled copy of a kind that goes both ways", "Both", pulled, true],
  ["a copy that a peer pushed here, of a kind that goes both ways", "Both", pushedHere, false],
])("may be left over: %s (%s)", (_what, direction, object, expected) => {
  expect(mayBeLeftover(kindOf(direction), object)).toBe(expected);
});

import { expect, it } from "vitest";
import { difference } from "./snapshot.ts";

it.each<[string, string[], string[], string[], string[]]>([
  ["nothing", ["v1/Pod/n/a"], ["v1/Pod/n/a"], [], []],
  ["what came is left", [], ["v1/Pod/n/a"], ["v1/Pod/n/a"], []],
  ["what came and is going is left still", [], ["v1/Pod/n/a (leaving)"], ["v1/Pod/n/a (leaving)"], []],
  ["what stood is lost", ["v1/Pod/n/a"], [], [], ["v1/Pod/n/a"]],
  ["what was going already is not", ["v1/Pod/n/a (leaving)"], [], [], []],
  ["what is going since is neither", ["v1/Pod/n/a"], ["v1/Pod/n/a (leaving)"], [], []],
])("%s", (_what, before, after, left, lost) => expect(difference(before, after)).toEqual({ left, lost }));

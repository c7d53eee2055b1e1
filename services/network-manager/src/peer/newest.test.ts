import { make, networkConfigs } from "@tideway/api";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Heard, newest } from "./newest.ts";

const said = (name: string, at: number, generations: number[], isMapped = false): Heard => ({
  at,
  config: make(networkConfigs, {
    metadata: { name },
    spec: {
      clusterID: "west",
      podCIDR: "10.0.0.0/16",
      externalCIDR: "10.1.0.0/20",
      mtu: 1400,
      keys: generations.map((generation) => ({ generation, publicKey: "" })),
      ...(isMapped ? { mapping: { podCIDR: "10.2.0.0/16", externalCIDR: "10.3.0.0/20" } } : {}),
    },
  }),
});

it.each<[string, Heard[], string | undefined]>([
  ["nothing, when nothing was said", [], undefined],
  ["the only one", [said("a", 3, [1])], "a"],
  ["the one that changed last", [said("a", 3, [1]), said("b", 4, [1])], "b"],
  ["newer keys, though the other lags in later", [said("a", 3, [1, 2]), said("b", 4, [1])], "a"],
  ["after a start, the one that knows where it sees us", [said("a", 0, [1]), said("b", 0, [1], true)], "b"],
])("takes %s", (_, heard, name) => {
  expect(newest(heard)?.metadata.name).toBe(name);
});

it("never goes back to older keys, whatever the order in which the two directions bring them", () =>
  fc.assert(
    fc.property(fc.array(fc.nat(9), { minLength: 1 }), (generations) => {
      const heard = generations.map((g, at) => said(`${g}`, at, [g]));
      expect(Number(newest(heard)?.metadata.name)).toBe(Math.max(...generations));
    }),
  ));

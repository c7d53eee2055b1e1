import { describe, expect, it } from "vitest";
import { type KeyWorld, newPrivateKey, planKeys, publicKeyOf } from "./keys.ts";

describe("keys", () => {
  it("gives the public key that `wg pubkey` gives", () => {
    expect(publicKeyOf("oBtKjZ7IngsPwVTn+5C01Tpq4XJ8euf+UcKGs0igEnA=")).toBe(
      "/76MfwojdS1jrOPoBJfyKBPCTOe0Bf03GybZm2andQI=",
    );
  });

  it("makes another key each time", () => {
    expect(publicKeyOf(newPrivateKey())).not.toBe(publicKeyOf(newPrivateKey()));
  });
});

describe("rotation", () => {
  const world = (over: Partial<KeyWorld>): KeyWorld => ({
    own: [1],
    remote: [1],
    settled: 1,
    due: false,
    ...over,
  });
  it.each<[string, Partial<KeyWorld>, object]>([
    ["begins with the first generation", { own: [], remote: undefined }, { keep: [], add: 1 }],
    ["begins with the newest of the peer", { own: [], remote: [4, 5] }, { keep: [], add: 5 }],
    ["leaves alone what both have", {}, { keep: [1] }],
    ["adds one when it is due", { due: true }, { keep: [1], add: 2 }],
    ["does not begin before it knows the peer's", { due: true, remote: undefined }, { keep: [1] }],
    ["does not begin while one is under way here", { own: [1, 2], due: true }, { keep: [1, 2] }],
    [
      "does not begin while the peer has dropped nothing yet",
      { own: [2], remote: [1, 2], due: true },
      { keep: [2] },
    ],
    ["follows the peer", { remote: [1, 2] }, { keep: [1], add: 2 }],
    ["keeps both while the tunnel uses the older one", { own: [1, 2], remote: [1, 2] }, { keep: [1, 2] }],
    [
      "drops the older one when the tunnel settled on the newer one",
      { own: [1, 2], remote: [1, 2], settled: 2 },
      { keep: [2] },
    ],
    ["drops what the peer has no more", { own: [1, 2], remote: [2] }, { keep: [2] }],
    [
      "keeps its newest although the peer does not have it yet",
      { own: [1, 2], remote: [1] },
      { keep: [1, 2] },
    ],
    ["never has more than two", { own: [2, 3], remote: [3, 4] }, { keep: [3], add: 4 }],
    ["follows a peer that lost its keys ahead", { own: [1], remote: [7] }, { keep: [], add: 7 }],
    ["waits for a peer that lost its keys behind", { own: [5], remote: [1] }, { keep: [5] }],
  ])("%s", (_, over, plan) => expect(planKeys(world(over))).toEqual(plan));
});

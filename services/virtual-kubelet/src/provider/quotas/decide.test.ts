import { describe, expect, it } from "vitest";
import { decide, type World } from "./decide.ts";

const resources = { cpu: "4", pods: "10" };
const world = (more: Partial<World> = {}): World => ({
  origin: "east-id",
  peer: "east",
  namespace: "tideway-tenant-east",
  offer: { state: "ACCEPTED", resources, pools: [] },
  standing: ["offer"],
  ...more,
});
const offer = (state: NonNullable<World["offer"]>["state"]) => ({ state, resources: {}, pools: [] });
const zero = { cpu: "0", memory: "0", pods: "0" };
const given = (...pools: { name: string; resources: object; storageClasses?: object[] }[]) =>
  ({
    offer: {
      state: "ACCEPTED",
      resources: { cpu: "all" },
      pools: pools.map((p) => ({ storageClasses: [], ...p })),
    },
  }) as never;
const gold = { name: "gold", capacity: "10Gi" };

describe("the quotas of a tenant", () => {
  it.each<[string, Partial<World>, Record<string, object>]>([
    ["are what was accepted", {}, { offer: resources }],
    ["are what was offered", { offer: { state: "OFFERED", resources, pools: [] } }, { offer: resources }],
    [
      "are one for each offer",
      given({ name: "", resources }, { name: "gpu", resources: { "nvidia.com/gpu": "1" } }),
      { offer: resources, "offer-gpu": { "nvidia.com/gpu": "1" } },
    ],
    [
      "give nothing on the nodes in no pool where only pools are offered",
      given({ name: "gpu", resources }),
      { offer: zero, "offer-gpu": resources },
    ],
    [
      "give nothing of a pool that is not offered any more",
      { ...(given({ name: "", resources }) as object), standing: ["offer", "offer-gpu"] },
      { offer: resources, "offer-gpu": zero },
    ],
    [
      "bound the storage classes that any of the offers bounds",
      given(
        { name: "", resources, storageClasses: [gold, { name: "free", capacity: "" }] },
        { name: "gpu", resources, storageClasses: [gold] },
      ),
      {
        offer: { ...resources, "gold.storageclass.storage.k8s.io/requests.storage": "10Gi" },
        "offer-gpu": resources,
      },
    ],
    ["are nothing when the offer is taken back", { offer: offer("GONE") }, { offer: zero }],
    ["are nothing when the request is refused", { offer: offer("REFUSED") }, { offer: zero }],
    ["are not made to say nothing", { offer: offer("GONE"), standing: [] }, {}],
    ["stay as they are while a person decides", { offer: offer("PENDING") }, {}],
    ["stay as they are where nothing is known", { offer: undefined }, {}],
    ["are left alone without an identity", { namespace: undefined }, {}],
  ])("%s", (_what, more, hard) =>
    expect(Object.fromEntries(decide(world(more)).map((q) => [q.metadata.name, q.spec.hard]))).toEqual(hard),
  );
});

import { describe, expect, it } from "vitest";
import { decide, type World } from "./decide.ts";

const resources = { cpu: "4", pods: "10" };
const world = (more: Partial<World> = {}): World => ({
  origin: "east-id",
  peer: "east",
  namespace: "tideway-tenant-east",
  offer: { state: "ACCEPTED", resources, pools: [] },
  stands: true,
  ...more,
});
const offer = (state: NonNullable<World["offer"]>["state"]) => ({ state, resources: {}, pools: [] });
const pool = (name: string, capacity: string) =>
  ({ name: "", storageClasses: [{ name, capacity }] }) as never;
const zero = { cpu: "0", memory: "0", pods: "0" };

describe("the quota of a tenant", () => {
  it.each<[string, Partial<World>, object | undefined]>([
    ["is what was accepted", {}, resources],
    ["is what was offered", { offer: { state: "OFFERED", resources, pools: [] } }, resources],
    [
      "bounds the storage classes that the offer bounds",
      { offer: { state: "ACCEPTED", resources, pools: [pool("gold", "10Gi"), pool("free", "")] } },
      { ...resources, "gold.storageclass.storage.k8s.io/requests.storage": "10Gi" },
    ],
    ["is nothing when the offer is taken back", { offer: offer("GONE") }, zero],
    ["is nothing when the request is refused", { offer: offer("REFUSED") }, zero],
    ["is not made to say nothing", { offer: offer("GONE"), stands: false }, undefined],
    ["stays as it is while a person decides", { offer: offer("PENDING") }, undefined],
    ["stays as it is where nothing is known", { offer: undefined }, undefined],
    ["is left alone without an identity", { namespace: undefined }, undefined],
  ])("%s", (_what, more, hard) => expect(decide(world(more))?.spec.hard).toEqual(hard));
});

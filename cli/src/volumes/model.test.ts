import type { PersistentVolume } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { rowsOf } from "./model.ts";

const volume = (name: string, labels: Record<string, string>, more: object = {}): PersistentVolume => ({
  metadata: {
    name,
    labels: { "storage.tideway.dev/claim-uid": name, ...labels },
    annotations: { "storage.tideway.dev/claim": `shop/${name}` },
  },
  spec: { capacity: { storage: "1Gi" }, storageClassName: "c", persistentVolumeReclaimPolicy: "Retain" },
  status: { phase: "Bound" },
  ...more,
});
const away = { "tideway.dev/remote-cluster-id": "w", "tideway.dev/peer": "west" };
const guest = { "tideway.dev/origin": "n", "tideway.dev/peer": "north" };

describe("the list of volumes", () => {
  it("says whose data lies where, ours first", () => {
    const rows = rowsOf([
      volume("c", guest),
      volume("b", away),
      volume("a", {}),
      { metadata: { name: "a stranger's" } },
    ]);
    expect(rows.map((r) => [r.claim, r.of, r.at, r.state])).toEqual([
      ["shop/a", "ours", "here", "in use"],
      ["shop/b", "ours", "west", "in use"],
      ["shop/c", "north", "here", "in use"],
    ]);
  });

  it("tells what is kept from what goes", () => {
    const released = { status: { phase: "Released" } };
    const kept = volume("k", guest, released);
    const going = volume("g", guest, released);
    going.spec = { ...going.spec, persistentVolumeReclaimPolicy: "Delete" };
    const evicted = volume("e", guest, released);
    evicted.metadata.annotations = { "storage.tideway.dev/evicted": "true" };
    const states = Object.fromEntries(rowsOf([kept, going, evicted]).map((r) => [r.volume, r.state]));
    expect(states).toEqual({ k: "kept", g: "deleting", e: "evicted" });
  });

  it("keeps to one peer where asked", () => {
    const all = [volume("c", guest), volume("b", away), volume("a", {})];
    expect(rowsOf(all, "west").map((r) => r.volume)).toEqual(["b"]);
    expect(rowsOf(all, "north").map((r) => r.volume)).toEqual(["c"]);
  });
});

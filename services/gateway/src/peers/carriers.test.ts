import { describe, expect, it } from "vitest";
import type { Pod } from "@tideway/k8s";
import { carriers } from "./carriers.ts";

const pod = (name: string, ready: boolean, ending = false): Pod => ({
  metadata: { name, ...(ending ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}) },
  status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});
const of = (pods: Pod[], members = ["a", "b"], leaving = false): string[] =>
  carriers({ self: "a", members, leaving, pod: (name) => pods.find((p) => p.metadata.name === name) });

describe("who carries peers", () => {
  it("are the ready ones", () => {
    expect(of([pod("a", true), pod("b", true)])).toEqual(["a", "b"]);
    expect(of([pod("a", true), pod("b", false)])).toEqual(["a"]);
  });
  it("is not one whose pod is gone or ending, whatever its Lease says", () => {
    expect(of([pod("a", true)])).toEqual(["a"]);
    expect(of([pod("a", true), pod("b", true, true)])).toEqual(["a"]);
  });
  it("is whoever is there where nobody is ready", () => {
    expect(of([pod("a", false), pod("b", true, true)])).toEqual(["a"]);
    expect(of([])).toEqual(["a"]);
  });
  it("is another one when this one leaves, and this one as long as there is no other", () => {
    expect(of([pod("a", true), pod("b", true)], ["a", "b"], true)).toEqual(["b"]);
    expect(of([pod("a", true)], ["a"], true)).toEqual(["a"]);
  });
  it("are those with Leases while no pod is known", () => {
    expect(carriers({ self: "a", members: ["a", "b"], leaving: false })).toEqual(["a", "b"]);
  });
});

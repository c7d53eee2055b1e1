import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isDnsLabel,
  isPeerName,
  MAX_PEER_NAME,
  peerName,
  peerNamespace,
  peerOfNamespace,
  tenantNamespace,
  twinNamespace,
} from "./names.ts";

const label = (max: number) =>
  fc
    .string({ unit: fc.constantFrom(..."abz019-"), minLength: 1, maxLength: max })
    .filter((s) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(s));
const namespace = fc.oneof(
  label(63),
  // Near the bound, where names are cut, and shaped like a cut one.
  fc.tuple(label(50), fc.stringMatching(/^[0-9a-f]{8}$/)).map(([a, hex]) => `${a}-${hex}`),
);
const peer = label(MAX_PEER_NAME).filter((s) => !s.includes("--"));

describe("peerName", () => {
  it("is the human name when that is free", () => expect(peerName("west", "9f1c")).toBe("west"));
  it("carries the first six of the ID when another cluster has the name", () =>
    expect(peerName("west", "9f1c22aa-0000-4000-8000-000000000000", (n) => n === "west")).toBe(
      "west-9f1c22",
    ));
  it("makes a label of any human name", () => {
    expect(peerName("Zürich / prod", "id")).toBe("z-rich-prod");
    expect(peerName("***", "id")).toBe("peer");
  });
  it("is always a valid peer name, and one that is free", () =>
    fc.assert(
      fc.property(fc.string(), fc.uuid(), fc.array(fc.string()), (name, id, takenNames) => {
        const taken = new Set([...takenNames, peerName(name, id)]);
        expect(isPeerName(peerName(name, id))).toBe(true);
        const other = peerName(name, id, (n) => taken.has(n));
        expect(isPeerName(other)).toBe(true);
        expect(taken.has(other)).toBe(false);
      }),
    ));
});

describe.each([
  ["tenantNamespace", tenantNamespace],
  ["peerNamespace", peerNamespace],
])("%s", (_, namespaceOf) => {
  it("is a DNS label, and tells its peer", () =>
    fc.assert(
      fc.property(peer, (p) => {
        expect(isDnsLabel(namespaceOf(p))).toBe(true);
        expect(peerOfNamespace(namespaceOf(p))).toBe(p);
      }),
    ));
  it("refuses what is no peer name", () =>
    expect(() => namespaceOf("a--b")).toThrow(/not a peer name: "a--b"/));
  it("is never the other direction's, nor a twin", () =>
    fc.assert(
      fc.property(peer, peer, namespace, (p, q, ns) => {
        expect(tenantNamespace(p)).not.toBe(peerNamespace(q));
        expect(namespaceOf(p)).not.toBe(twinNamespace(q, ns));
      }),
    ));
  it("is not found in other namespaces", () => {
    for (const ns of [
      "tideway-system",
      "default",
      "tideway-tenant-",
      "tideway-tenant-a--b",
      "tideway-peer-",
      twinNamespace("tenant-x", "ns"),
      twinNamespace("peer-x", "ns"),
    ])
      expect(peerOfNamespace(ns)).toBeUndefined();
  });
});

describe("twinNamespace", () => {
  it("names peer and source", () => expect(twinNamespace("east", "shop")).toBe("tideway-east--shop"));
  it("is always a DNS label", () =>
    fc.assert(fc.property(peer, namespace, (p, ns) => isDnsLabel(twinNamespace(p, ns)))));
  it("is injective: two sources, or two peers, never share a twin", () =>
    fc.assert(
      fc.property(peer, namespace, peer, namespace, (p, a, q, b) => {
        fc.pre(p !== q || a !== b);
        expect(twinNamespace(p, a)).not.toBe(twinNamespace(q, b));
      }),
    ));
  it("cannot be taken by naming a namespace like a cut one", () => {
    const long = "a".repeat(60);
    const cut = twinNamespace("east", long);
    const lookalike = cut.slice("tideway-east--".length);
    expect(twinNamespace("east", lookalike)).not.toBe(cut);
  });
});

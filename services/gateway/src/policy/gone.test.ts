import { contains } from "@tideway/net";
import { ORIGIN } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { createGone } from "./gone.ts";
import { inside } from "./inside.ts";
import { slim, viewOf } from "./pods.ts";

describe("addresses of pods that ended", () => {
  it("are remembered for a minute, or until they are somebody's again", () => {
    let now = 0;
    const gone = createGone(() => now);
    gone.ended("10.0.0.1");
    now = 30_000;
    gone.ended("10.0.0.2");
    gone.ended("10.0.0.3");
    gone.used("10.0.0.3");
    expect([gone.list(), gone.nextMs()]).toEqual([["10.0.0.1", "10.0.0.2"], 30_000]);
    now = 60_000;
    expect([gone.list(), gone.nextMs()]).toEqual([["10.0.0.2"], 30_000]);
    now = 90_000;
    expect([gone.list(), gone.nextMs()]).toEqual([[], undefined]);
  });
  it("are at most 2,000", () => {
    const gone = createGone(() => 0);
    for (let i = 0; i < 2_500; i++) gone.ended(`10.0.${i >> 8}.${i & 255}`);
    expect(gone.list()).toHaveLength(2_000);
    expect(gone.list().at(-1)).toBe("10.0.9.195");
  });
});

describe("a pod", () => {
  const pod: Pod = {
    metadata: { name: "a", namespace: "n", labels: { [ORIGIN]: "peer-1" } },
    spec: { nodeName: "n1", containers: [] },
    status: { podIP: "10.0.0.1", phase: "Running" },
  };
  it("that is asked to end still talks, until it has ended", () => {
    const asked = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
    expect(viewOf(slim(asked))).toEqual(viewOf(slim(pod)));
    expect(viewOf(slim(asked))).toEqual([{ namespace: "n", ip: "10.0.0.1", node: "n1", origin: "peer-1" }]);
    expect(viewOf(slim({ ...asked, status: { ...pod.status, phase: "Succeeded" } }))).toEqual([]);
  });
});

describe("inside", () => {
  it("says the same as contains", () => {
    const cidrs = ["0.0.0.0/0", "10.1.0.0/16", "10.1.2.0/30", "255.255.255.255/32"];
    const addresses = ["10.1.2.3", "10.1.2.4", "10.2.0.0", "10.0.255.255", "255.255.255.255", "0.0.0.0"];
    for (const cidr of cidrs)
      for (const address of addresses) expect(inside(cidr)(address)).toBe(contains(cidr, address));
  });
  it("takes nothing else for an address", () => {
    for (const text of ["", "10.1", "10.1.2.3.4", "10.1.2.256", "fd00::1", "a.b.c.d"])
      expect(inside("0.0.0.0/0")(text)).toBe(false);
  });
});

import type { Pod } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { addressesOf } from "./addresses.ts";
import { isUrgent, statusChange } from "./status.ts";

const pods = { real: "10.244.0.0/16", seen: "10.61.0.0/16" };
const pod = (status: object): Pod => ({ metadata: { name: "p" }, status: { phase: "Running", ...status } });
const at = (...ips: string[]): object => ({ podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) });

describe("a pod's address here", () => {
  it("is the translated one, and the host is the virtual node", () =>
    expect(addressesOf(pod(at("10.244.3.4")), pods, "10.1.1.1")).toEqual({
      podIPs: ["10.61.3.4"],
      hostIP: "10.1.1.1",
    }));
  it.each([
    ["while no mapping is known", pod(at("10.244.3.4")), undefined],
    ["while there is none over there", pod({}), pods],
    ["outside the provider's pod network", pod(at("192.168.1.1")), pods],
  ])("is not shown %s", (_what, remote, mapping) =>
    expect(addressesOf(remote, mapping, "10.1.1.1")).toBeUndefined(),
  );
  it("leaves out another family", () =>
    expect(addressesOf(pod(at("10.244.3.4", "fd00::4")), pods, "h")?.podIPs).toEqual(["10.61.3.4"]));
});

describe("writing it", () => {
  const addresses = { podIPs: ["10.61.3.4"], hostIP: "10.1.1.1" };
  const written = {
    podIP: "10.61.3.4",
    podIPs: [{ ip: "10.61.3.4" }],
    hostIP: "10.1.1.1",
    hostIPs: [{ ip: "10.1.1.1" }],
  };
  it("is urgent when it is new, and no write of its own otherwise", () => {
    expect(isUrgent(pod({}), pod({}), addresses)).toBe(true);
    expect(isUrgent(pod(written), pod({}), addresses)).toBe(false);
    expect(statusChange(pod({}), pod({}), addresses)).toEqual(written);
    expect(statusChange(pod(written), pod({}), addresses)).toBeUndefined();
  });
  it("is not taken back while the mapping is not known for a while", () => {
    expect(statusChange(pod(written), pod({}))).toBeUndefined();
    expect(isUrgent(pod(written), pod({}))).toBe(false);
  });
  it("replaces an old one instead of adding to it", () =>
    expect(statusChange(pod(written), pod({}), { podIPs: ["10.61.9.9"], hostIP: "10.1.1.2" })).toEqual({
      podIP: "10.61.9.9",
      podIPs: [{ $patch: "replace" }, { ip: "10.61.9.9" }],
      hostIP: "10.1.1.2",
      hostIPs: [{ $patch: "replace" }, { ip: "10.1.1.2" }],
    }));
  it("does not follow the replica that serves the node", () =>
    expect(statusChange(pod(written), pod({}), { ...addresses, hostIP: "10.1.1.2" })).toBeUndefined());
});

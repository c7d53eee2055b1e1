import { describe, expect, it } from "vitest";
import { isInvalid } from "@tideway/errors";
import { describeProblem, problems, validate } from "./validate.ts";

const cluster = (spec: object = {}): object => ({
  metadata: { name: "west" },
  spec: {
    clusterID: "9f1c22aa-0000-4000-8000-000000000000",
    clusterName: "west",
    authEndpoint: "192.0.2.1:7443",
    pins: [`sha256/${"A".repeat(43)}=`],
    ...spec,
  },
});
const said = (kind: string, obj: object): string[] => problems(kind, obj).map(describeProblem);

describe("validate", () => {
  it("takes a good object", () => expect(() => validate("ForeignCluster", cluster())).not.toThrow());
  it.each<[string, object, string]>([
    ["a bound", { unpeerTimeoutSeconds: 4000 }, "spec.unpeerTimeoutSeconds: 4000 must be <= 3600"],
    [
      "the words allowed",
      { outgoingPeering: "Maybe" },
      'spec.outgoingPeering: "Maybe" must be one of Yes, No, Auto',
    ],
    [
      "a port",
      { authEndpoint: "a:70000" },
      'spec.authEndpoint: "a:70000" must be host:port (an IPv6 address in brackets, port 1 to 65535)',
    ],
    [
      "an entry of a list",
      { pins: ["x"] },
      'spec.pins[0]: "x" must be "sha256/" and the base64 of the SHA-256 of a public key (SPKI)',
    ],
    [
      "a field nobody knows",
      { outgoingpeering: "Yes" },
      'spec.outgoingpeering: "Yes" is not a field of this kind',
    ],
    ["what is missing", { clusterID: undefined }, "spec.clusterID: nothing is required"],
  ])("names field, value and bound: %s", (_, spec, message) =>
    expect(said("ForeignCluster", cluster(spec))).toEqual([message]),
  );
  it.each(["west.example.org:443", "[2001:db8::1]:7443", "localhost:1", "10.0.0.1:65535"])(
    "takes endpoint %s",
    (authEndpoint) => expect(said("ForeignCluster", cluster({ authEndpoint }))).toEqual([]),
  );
  it.each(["west", "west:0", ":443", "2001:db8::1:443", "a:65536", "https://a:443"])(
    "refuses endpoint %s",
    (authEndpoint) => expect(said("ForeignCluster", cluster({ authEndpoint }))).toHaveLength(1),
  );
  it("reports all mistakes at once, as InvalidError", () => {
    try {
      validate("ForeignCluster", cluster({ clusterName: "", unpeerTimeoutSeconds: 0 }));
      expect.unreachable();
    } catch (err) {
      expect(isInvalid(err)).toBe(true);
      expect(String(err)).toMatch(/spec.clusterName: "".*spec.unpeerTimeoutSeconds: 0 must be >= 1/);
    }
  });
  it("leaves a PodSpec open", () =>
    expect(
      said("ShadowPod", {
        spec: { originUID: "u", originNamespace: "n", pod: { anything: [{ goes: true }] } },
      }),
    ).toEqual([]));
  it("takes numbers for quantities written by hand, and refuses nonsense", () => {
    expect(said("SharingPolicy", { spec: { perPeer: { cpu: 4, memory: "8Gi" } } })).toEqual([]);
    expect(said("SharingPolicy", { spec: { perPeer: { cpu: "4x" } } })).toEqual([
      'spec.perPeer.cpu: "4x" must be a Kubernetes quantity such as "500m", "4" or "8Gi"',
    ]);
  });
  it("knows no other kinds", () => expect(() => validate("Pod", {})).toThrow(/"Pod" is not one of/));
});

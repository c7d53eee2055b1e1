import { shadowPods, type ShadowPod } from "@tideway/api";
import { describe, expect, it } from "vitest";
import type { AdmissionRequest } from "../review/review.ts";
import { validateShadowPod } from "./validate.ts";

const shadow = (pod: object = {}, spec: object = {}): ShadowPod => ({
  metadata: { name: "p", namespace: "tideway-east--shop" },
  spec: {
    originUID: "u",
    originNamespace: "shop",
    pod: { containers: [{ name: "c", image: "i:1" }], ...pod },
    ...spec,
  },
});
const request = (
  object: ShadowPod,
  more: Partial<AdmissionRequest<ShadowPod>> = {},
): AdmissionRequest<ShadowPod> => ({
  uid: "r",
  kind: { group: shadowPods.group, version: shadowPods.version, kind: shadowPods.kind },
  operation: "CREATE",
  namespace: "tideway-east--shop",
  userInfo: { username: "tideway:east-id" },
  object,
  ...more,
});
const update = (before: ShadowPod, after: ShadowPod): AdmissionRequest<ShadowPod> =>
  request(after, { operation: "UPDATE", oldObject: before });

describe("a ShadowPod", () => {
  it("of the tenant passes", () =>
    expect(validateShadowPod(request(shadow()), "east-id")).toEqual({ allowed: true }));
  it("of the tenant passes by its token too", () => {
    const userInfo = { username: "system:serviceaccount:tideway-tenant-east:tideway-east-id" };
    expect(validateShadowPod(request(shadow(), { userInfo }), "east-id")).toEqual({ allowed: true });
    expect(validateShadowPod(request(shadow(), { userInfo }), "west-id")).toMatchObject({
      reason: "NotTheTenant",
    });
  });
  it("outside a twin namespace is denied", () =>
    expect(validateShadowPod(request(shadow()), undefined)).toMatchObject({ reason: "NotATwin" }));
  it.each(["tideway:west-id", "kubernetes-admin", "system:serviceaccount:tideway-system:virtual-kubelet"])(
    "of %s is denied",
    (username) =>
      expect(validateShadowPod(request(shadow(), { userInfo: { username } }), "east-id")).toMatchObject({
        reason: "NotTheTenant",
      }),
  );
  it.each([
    ["hostNetwork", { hostNetwork: true }],
    ["runtimeClassName", { runtimeClassName: "x" }],
    ["nodeName", { nodeName: "n" }],
    [
      "containers[0].securityContext.privileged",
      { containers: [{ name: "c", securityContext: { privileged: true } }] },
    ],
    ["madeUp", { madeUp: 1 }],
  ])("with %s is denied by name", (field, pod) =>
    expect(validateShadowPod(request(shadow(pod)), "east-id")).toMatchObject({
      reason: "FieldRefused",
      causes: [{ field: `spec.pod.${field}` }],
    }),
  );
  it("may get a new image and deadline, labels and grace", () => {
    const after = shadow(
      { containers: [{ name: "c", image: "i:2" }], activeDeadlineSeconds: 5 },
      { gracePeriodSeconds: 1, podLabels: { a: "b" } },
    );
    expect(validateShadowPod(update(shadow(), after), "east-id")).toEqual({ allowed: true });
  });
  it("may not change otherwise", () => {
    const after = shadow({ containers: [{ name: "c", image: "i:1", command: ["sh"] }], hostname: "h" });
    expect(validateShadowPod(update(shadow(), after), "east-id")).toMatchObject({
      reason: "Immutable",
      causes: [{ field: "spec.pod.containers" }, { field: "spec.pod.hostname" }],
    });
  });
  it("may lose its finalizers by whoever is in charge of them", () => {
    const r = {
      ...update(shadow(), shadow()),
      userInfo: { username: "system:serviceaccount:kube-system:generic-garbage-collector" },
    };
    expect(validateShadowPod(r, "east-id")).toEqual({ allowed: true });
  });
  it("of no form at all is denied, not thrown at", () =>
    expect(validateShadowPod(request({ metadata: { name: "p" } } as ShadowPod), "east-id")).toMatchObject({
      allowed: false,
    }));
});

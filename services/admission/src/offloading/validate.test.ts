import { expect, it } from "vitest";
import { validateOffloading } from "./validate.ts";

const validate = (namespace: string, spec: object = {}, origin?: string) =>
  validateOffloading(
    {
      uid: "r",
      kind: { group: "offloading.tideway.dev", version: "v1alpha1", kind: "NamespaceOffloading" },
      operation: "CREATE",
      namespace,
      userInfo: { username: "admin" },
      object: { metadata: { name: "offloading", namespace }, spec },
    },
    "tideway-system",
    origin,
  );

it.each([
  "kube-system",
  "kube-public",
  "tideway-system",
  "tideway-network",
  "tideway-tenant-west",
  "tideway-peer-west",
])("%s is never lent", (ns) =>
  expect(validate(ns)).toMatchObject({ allowed: false, reason: "SystemNamespace" }),
);
it("what a peer placed here is not passed on", () =>
  expect(validate("tideway-east--shop", {}, "east")).toMatchObject({ reason: "SystemNamespace" }));
it.each(["default", "shop", "tideway-demo"])("%s may be", (ns) =>
  expect(validate(ns)).toEqual({ allowed: true }),
);
it.each([
  ["In without values", { key: "a", operator: "In" }, "matchExpressions"],
  ["Exists with values", { key: "a", operator: "Exists", values: ["x"] }, "matchExpressions"],
  ["Gt with a word", { key: "a", operator: "Gt", values: ["x"] }, "matchExpressions"],
  ["a field that is not the name", { key: "spec.x", operator: "In", values: ["x"] }, "matchFields"],
])("a selector of %s is denied by field", (_what, requirement, list) =>
  expect(validate("shop", { clusterSelector: [{ [list]: [requirement] }] })).toMatchObject({
    reason: "BadSelector",
    causes: [{ field: `spec.clusterSelector[0].${list}[0]` }],
  }),
);

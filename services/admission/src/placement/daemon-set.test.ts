import { expect, it } from "vitest";
import type { AdmissionRequest } from "../review/review.ts";
import { type DaemonSet, daemonSet } from "./daemon-set.ts";
import { TOLERATION } from "./place.ts";

type Spec = NonNullable<NonNullable<NonNullable<DaemonSet["spec"]>["template"]>["spec"]>;
const ask = (spec: Partial<Spec>, annotations?: Record<string, string>, operation = "CREATE") =>
  daemonSet({
    operation,
    object: {
      metadata: { name: "agent" },
      spec: {
        template: {
          ...(annotations ? { metadata: { annotations } } : {}),
          spec: { containers: [], ...spec },
        },
      },
    },
  } as unknown as AdmissionRequest<DaemonSet>);
const everything = { tolerations: [{ operator: "Exists" }] } as Partial<Spec>;
const allow = { "tideway.dev/virtual-nodes": "allow" };
const off = { matchExpressions: [{ key: "tideway.dev/virtual-node", operator: "DoesNotExist" }] };

it.each(["CREATE", "UPDATE"])(
  "one that tolerates everything is held off virtual nodes at %s",
  (operation) => {
    expect(ask(everything, undefined, operation)).toMatchObject({
      patch: [{ op: "add", path: "/spec/template/spec/affinity", value: expect.anything() }],
    });
  },
);
it("its own alternatives are each narrowed", () => {
  const own = [{ matchExpressions: [{ key: "disk", operator: "Exists" }] }, { matchFields: [] }];
  const affinity = {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: own } },
  } as unknown as Spec["affinity"];
  const v = ask({ ...everything, ...(affinity ? { affinity } : {}) });
  expect(v).toMatchObject({
    patch: [
      {
        op: "replace",
        value: [{ matchExpressions: [own[0]!.matchExpressions![0], off.matchExpressions[0]] }],
      },
    ],
  });
});
it.each<[string, Partial<Spec>]>([
  ["tolerates nothing", {}],
  ["tolerates something else", { tolerations: [{ key: "gpu", operator: "Exists" }] }],
])("one that %s is left as it is", (_, spec) => {
  expect(ask(spec)).toEqual({ allowed: true });
});
it("one that asks for virtual nodes tolerates them", () => {
  expect(ask({}, allow)).toEqual({
    allowed: true,
    patch: [{ op: "add", path: "/spec/template/spec/tolerations", value: [TOLERATION] }],
  });
  expect(ask(everything, allow)).toEqual({ allowed: true, patch: [] });
});

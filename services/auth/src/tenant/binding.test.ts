import type { RoleBinding } from "@tideway/k8s";
import { expect, test } from "vitest";
import { isBinding, RBAC } from "./binding.ts";

const user = (name: string) => ({ kind: "User", apiGroup: RBAC, name });
const binding = (o: Partial<RoleBinding> = {}): RoleBinding => ({
  metadata: { name: "tideway-peer", namespace: "n", labels: { a: "1" } },
  roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "tideway-peer" },
  subjects: [user("east")],
  ...o,
});

test.each<[string, RoleBinding | undefined, boolean]>([
  ["as it was written", binding(), true],
  [
    "with a label of somebody else's beside ours",
    binding({ metadata: { name: "tideway-peer", labels: { a: "1", b: "2" } } }),
    true,
  ],
  ["that is not there", undefined, false],
  ["for somebody else", binding({ subjects: [user("north")] }), false],
  ["for somebody else too", binding({ subjects: [user("east"), user("north")] }), false],
  ["for nobody", binding({ subjects: undefined } as unknown as Partial<RoleBinding>), false],
  ["for a group of that name", binding({ subjects: [{ ...user("east"), kind: "Group" }] }), false],
  ["to another role", binding({ roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "admin" } }), false],
  ["without our label", binding({ metadata: { name: "tideway-peer" } }), false],
])("a binding %s", (_, there, same) => {
  expect(isBinding(there, binding())).toBe(same);
});

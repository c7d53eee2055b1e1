import type { NodeSelectorTerm } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonPatchOp, Verdict } from "../review/review.ts";
import { place, type Placement, TOLERATION } from "./place.ts";
import { narrow, OFF_VIRTUAL, ON_VIRTUAL } from "./terms.ts";

type Spec = NonNullable<Pod["spec"]>;
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const pod = (spec: Partial<Spec> = {}, metadata: Partial<Pod["metadata"]> = {}): Pod => ({
  metadata: { name: "p", ...metadata },
  spec: { containers: [], ...spec },
});
const own = (...terms: NodeSelectorTerm[]): Partial<Spec> => ({
  affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: terms } } },
});
const key = (k: string): NodeSelectorTerm => ({ matchExpressions: [{ key: k, operator: "Exists" }] });
const remote = (selector: NodeSelectorTerm[] = []): Placement => ({ strategy: "Remote", selector });
const both = (selector: NodeSelectorTerm[] = []): Placement => ({ strategy: "LocalAndRemote", selector });

/** RFC 6902, as far as it is used. */
const applied = (p: Pod, ops: readonly JsonPatchOp[]): Pod => {
  const out = structuredClone(p) as unknown as Record<string, unknown>;
  for (const { path, value } of ops) {
    const parts = path.split("/").slice(1);
    const last = parts.pop() ?? "";
    const at = parts.reduce((o, k) => o[k] as Record<string, unknown>, out);
    if (Array.isArray(at)) at.push(value);
    else at[last] = value;
  }
  return out as unknown as Pod;
};
const patchOf = (v: Verdict): JsonPatchOp[] => (v.allowed ? (v.patch ?? []) : []);
const termsAfter = (p: Pod, placement: Placement): NodeSelectorTerm[] | undefined =>
  applied(p, patchOf(place(p, placement, []))).spec?.affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms as
    NodeSelectorTerm[] | undefined;

describe("where a pod may run", () => {
  it("Local leaves the pod alone", () => {
    expect(place(pod(), { strategy: "Local", selector: [] }, [])).toEqual({ allowed: true });
  });
  it("LocalAndRemote without selector only tolerates the taint", () => {
    expect(patchOf(place(pod(), both(), []))).toEqual([
      { op: "add", path: "/spec/tolerations", value: [TOLERATION] },
    ]);
  });
  it("LocalAndRemote with a selector allows real nodes and the chosen virtual ones", () => {
    expect(termsAfter(pod(), both([key("gpu")]))).toEqual([
      { matchExpressions: [OFF_VIRTUAL] },
      { matchExpressions: [ON_VIRTUAL, { key: "gpu", operator: "Exists" }] },
    ]);
  });
  it("Remote allows virtual nodes only", () => {
    expect(termsAfter(pod(), remote())).toEqual([{ matchExpressions: [ON_VIRTUAL] }]);
  });
  it("the pod's own terms narrow it further, each with each", () => {
    expect(termsAfter(pod(own(key("a"), key("b"))), remote([key("x")]))).toEqual(
      ["a", "b"].map((k) => ({
        matchExpressions: [{ key: k, operator: "Exists" }, ON_VIRTUAL, { key: "x", operator: "Exists" }],
      })),
    );
  });
  it("a term that matches nothing is not widened", () => {
    expect(patchOf(place(pod(own({})), remote(), [])).map((o) => o.path)).toEqual(["/spec/tolerations"]);
  });
  it("an existing toleration and other affinity stay, and the patch adds at the first missing level", () => {
    const spec = { tolerations: [{ operator: "Exists" }], affinity: { podAffinity: {} } } as Partial<Spec>;
    expect(patchOf(place(pod(spec), remote(), [])).map((o) => [o.op, o.path])).toEqual([
      ["add", "/spec/affinity/nodeAffinity"],
    ]);
  });
  it("other tolerations are kept", () => {
    const spec = { tolerations: [{ key: "x", operator: "Exists" }] } as Partial<Spec>;
    expect(patchOf(place(pod(spec), both(), []))).toEqual([
      { op: "add", path: "/spec/tolerations/-", value: TOLERATION },
    ]);
  });
  it.each(["DaemonSet", "Node"])("pods of a %s stay off", (kind) => {
    const ownerReferences = [{ apiVersion: "v1", kind, name: "d", uid: "u", controller: true }];
    expect(place(pod({}, { ownerReferences }), remote(), [])).toEqual({ allowed: true });
  });
  it("a selector of empty terms is denied where nothing else is left", () => {
    expect(place(pod(), remote([{}]), [])).toMatchObject({ allowed: false, reason: "BadSelector" });
  });
});

describe("a pod that cannot cross", () => {
  const refusals = [{ field: "hostNetwork", message: "the provider does not share its host network" }];
  it("stays here, with a warning, where the strategy allows it", () => {
    const v = place(pod(), both(), refusals);
    expect(v).toMatchObject({ allowed: true, warnings: [expect.stringContaining("spec.hostNetwork")] });
    expect(applied(pod(), patchOf(v)).spec).toMatchObject(own({ matchExpressions: [OFF_VIRTUAL] }));
  });
  it("is denied where it does not, naming the field", () => {
    expect(place(pod(), remote(), refusals)).toMatchObject({
      allowed: false,
      reason: "CannotCross",
      causes: [{ field: "spec.hostNetwork" }],
    });
  });
});

describe("narrowing", () => {
  const term = fc
    .array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 3 })
    .map((keys): NodeSelectorTerm =>
      keys.length ? { matchExpressions: keys.map((k) => ({ key: k, operator: "Exists" })) } : {},
    );
  const terms = fc.array(term, { minLength: 1, maxLength: 4 });
  const matches = (ts: readonly NodeSelectorTerm[], node: readonly string[]): boolean =>
    ts.some(
      (t) => (t.matchExpressions?.length ?? 0) > 0 && t.matchExpressions?.every((r) => node.includes(r.key)),
    );
  const node = fc.subarray(["a", "b", "c", "d"]);

  it("matches exactly the nodes that both lists match", () => {
    fc.assert(
      fc.property(terms, terms, node, (a, b, n) => {
        const by = b.filter((t) => t.matchExpressions);
        fc.pre(by.length > 0);
        expect(matches(narrow(a, by), n)).toBe(matches(a, n) && matches(by, n));
      }),
    );
  });
  it("twice changes nothing more", () => {
    fc.assert(
      fc.property(
        terms,
        fc.constantFrom<Placement>(remote(), both([key("x")]), remote([key("x"), key("y")])),
        (a, p) => {
          const once = applied(pod(own(...a)), patchOf(place(pod(own(...a)), p, [])));
          expect(patchOf(place(once, p, []))).toEqual([]);
        },
      ),
    );
  });
});

import type { Node, Pod } from "@tideway/k8s";
import { type Amounts, equalLists, formatList, podRequests, sumLists } from "@tideway/quantity";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLedger } from "./ledger.ts";
import { type CountedNode, countNode } from "./node.ts";
import { type CountedPod, podCounter } from "./pod.ts";

const node = (
  name: string,
  over: { spec?: Node["spec"]; labels?: Record<string, string>; ready?: string; cpu?: string } = {},
): Node => ({
  metadata: { name, labels: over.labels ?? {} },
  spec: over.spec ?? {},
  status: {
    allocatable: { cpu: over.cpu ?? "4", memory: "8Gi" },
    conditions: [{ type: "Ready", status: over.ready ?? "True" }],
  },
});
const pod = (
  over: { node?: string; cpu?: string; phase?: string; labels?: Record<string, string>; spec?: object } = {},
): Pod => ({
  metadata: { name: "p", namespace: "n", labels: over.labels ?? {} },
  spec: {
    nodeName: over.node ?? "a",
    containers: [{ name: "c", resources: { requests: { cpu: over.cpu ?? "1" } } }],
    ...over.spec,
  },
  status: { phase: over.phase ?? "Running" },
});
const counted = countNode({ ignoredTaints: ["kwok.x-k8s.io/node"] });
const slim = podCounter();

describe("a node", () => {
  it.each<[string, Node, boolean]>([
    ["counts when ready", node("a"), true],
    ["does not count when not ready", node("a", { ready: "Unknown" }), false],
    ["does not count when cordoned", node("a", { spec: { unschedulable: true } }), false],
    [
      "does not count when it is virtual",
      node("a", { labels: { "tideway.dev/virtual-node": "true" } }),
      false,
    ],
    [
      "does not count when a taint keeps pods away",
      node("a", { spec: { taints: [{ key: "dedicated", effect: "NoSchedule" }] } }),
      false,
    ],
    [
      "counts with a taint that only prefers",
      node("a", { spec: { taints: [{ key: "dedicated", effect: "PreferNoSchedule" }] } }),
      true,
    ],
    [
      "counts when KWOK plays it",
      node("a", { spec: { taints: [{ key: "kwok.x-k8s.io/node", effect: "NoSchedule" }] } }),
      true,
    ],
  ])("%s", (_, n, usable) => expect(counted(n).usable).toBe(usable));
});

describe("a pod's requests", () => {
  const resources = (cpu: string) => ({ resources: { requests: { cpu } } });
  it.each<[string, object, string]>([
    ["are the sum of its containers", { containers: [resources("1"), resources("500m")] }, "1500m"],
    [
      "or its largest init step",
      { containers: [resources("1")], initContainers: [resources("3"), resources("2")] },
      "3",
    ],
    [
      "with sidecars beside the containers",
      { containers: [resources("1")], initContainers: [{ ...resources("2"), restartPolicy: "Always" }] },
      "3",
    ],
    [
      "with sidecars beside later init steps",
      {
        containers: [resources("1")],
        initContainers: [{ ...resources("1"), restartPolicy: "Always" }, resources("3")],
      },
      "4",
    ],
    ["and the overhead of its runtime", { containers: [resources("1")], overhead: { cpu: "100m" } }, "1100m"],
    [
      "unless the pod as a whole says",
      { containers: [resources("1")], resources: { requests: { cpu: "2" } } },
      "2",
    ],
  ])("%s", (_, spec, cpu) => expect(formatList(podRequests(pod({ spec }).spec))).toEqual({ cpu, pods: "1" }));
  it("are kept once for pods that ask the same", () =>
    expect(slim(pod()).requests).toBe(slim(pod({ node: "b" })).requests));
});

describe("the ledger", () => {
  const used = (ledger: ReturnType<typeof createLedger>) => formatList(ledger.capacity().used);
  it("counts a pod that was seen before its node", () => {
    const ledger = createLedger();
    ledger.pod(slim(pod()), undefined);
    expect(used(ledger)).toEqual({});
    ledger.node("a", counted(node("a")));
    expect(used(ledger)).toEqual({ cpu: "1", pods: "1" });
  });
  it.each<[string, Pod]>([
    ["waits for a node", pod({ node: "" })],
    ["is a peer's", pod({ labels: { "tideway.dev/origin": "x" } })],
    ["has ended", pod({ phase: "Succeeded" })],
    ["is on a node that peers may not use", pod({ node: "closed" })],
  ])("leaves out a pod that %s", (_, p) => {
    const ledger = createLedger();
    ledger.node("a", counted(node("a")));
    ledger.node("closed", counted(node("closed", { spec: { unschedulable: true } })));
    ledger.pod(slim(p), undefined);
    expect(used(ledger)).toEqual({});
  });
  it("stays silent for a heartbeat and for a pod that only changed its status", () => {
    const ledger = createLedger();
    let changes = 0;
    ledger.onChange(() => changes++);
    ledger.node("a", counted(node("a")));
    const before = slim(pod());
    ledger.pod(before, undefined);
    expect(changes).toBe(2);
    ledger.node("a", counted(node("a")));
    ledger.pod(slim(pod({ phase: "Pending" })), before);
    expect(changes).toBe(2);
  });
  it("offers the labels on which all usable nodes agree", () => {
    const ledger = createLedger();
    ledger.node(
      "a",
      counted(
        node("a", {
          labels: { "kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": "1", other: "x" },
        }),
      ),
    );
    ledger.node(
      "b",
      counted(node("b", { labels: { "kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": "2" } })),
    );
    ledger.node("c", counted(node("c", { labels: { "kubernetes.io/arch": "arm64" }, ready: "False" })));
    expect(ledger.labels()).toEqual({ "kubernetes.io/arch": "amd64" });
  });

  it("after any history holds the same sums as a scan of what is there now", () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("node" as const),
        name: fc.constantFrom("a", "b"),
        cpu: fc.nat(8),
        ready: fc.boolean(),
        gpu: fc.boolean(),
        gone: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant("pod" as const),
        name: fc.constantFrom("p", "q", "r"),
        node: fc.constantFrom("a", "b", ""),
        cpu: fc.nat(3),
        foreign: fc.boolean(),
        ended: fc.boolean(),
        gone: fc.boolean(),
      }),
    );
    const pool = { name: "gpu", nodeSelector: { gpu: "yes" } };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (history, sorted) => {
        const ledger = createLedger();
        const nodes = new Map<string, CountedNode>();
        const pods = new Map<string, CountedPod>();
        for (const [i, s] of history.entries()) {
          if (i === sorted) ledger.sort([pool]);
          if (s.kind === "node") {
            const now = s.gone
              ? undefined
              : counted(
                  node(s.name, {
                    cpu: String(s.cpu),
                    ready: s.ready ? "True" : "False",
                    labels: s.gpu ? { gpu: "yes" } : {},
                  }),
                );
            if (now) nodes.set(s.name, now);
            else nodes.delete(s.name);
            ledger.node(s.name, now);
          } else {
            const labels: Record<string, string> = s.foreign ? { "tideway.dev/origin": "x" } : {};
            const now = s.gone
              ? undefined
              : slim(
                  pod({ node: s.node, cpu: String(s.cpu), phase: s.ended ? "Failed" : "Running", labels }),
                );
            ledger.pod(now, pods.get(s.name));
            if (now) pods.set(s.name, now);
            else pods.delete(s.name);
          }
        }
        ledger.sort([pool]);
        const isIn = (name: string, where: string): boolean =>
          (nodes.get(name)?.labels.gpu === "yes" ? "gpu" : "") === where;
        for (const where of ["", "gpu"]) {
          const usable = [...nodes].filter(([name, n]) => n.usable && isIn(name, where));
          const running = [...pods.values()].filter((p) => p.node !== "" && !p.ended && isIn(p.node, where));
          const requests = (origin: string): Amounts[] =>
            running.filter((p) => p.origin === origin).map((p) => p.requests);
          const local = running.filter((p) => p.origin === "" && nodes.get(p.node)?.usable);
          const { allocatable, used } = ledger.capacity(where);
          expect(equalLists(allocatable, sumLists(usable.map(([, n]) => n.allocatable)))).toBe(true);
          expect(equalLists(used, sumLists(local.map((p) => p.requests)))).toBe(true);
          expect(equalLists(ledger.usedBy("x", where), sumLists(requests("x")))).toBe(true);
        }
        const both = sumLists(["", "gpu"].map((where) => ledger.capacity(where).allocatable));
        expect(equalLists(ledger.capacity().allocatable, both)).toBe(true);
      }),
    );
  });
});

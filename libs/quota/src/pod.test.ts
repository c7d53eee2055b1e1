import { isInvalid } from "@tideway/errors";
import { formatList } from "@tideway/quantity";
import { describe, expect, it } from "vitest";
import { podAmounts } from "./pod.ts";

type Spec = Parameters<typeof podAmounts>[0];
const spec = (resources: object, more: object = {}): Spec => ({
  containers: [{ name: "c", resources }],
  ...more,
});
const init = (cpu: string, restartPolicy?: string) => ({
  name: "i",
  resources: { requests: { cpu } },
  restartPolicy,
});

describe("a pod is charged", () => {
  it.each<[string, Spec, Record<string, string>]>([
    ["itself, when it asks for nothing", spec({}), {}],
    [
      "what it requests",
      spec({ requests: { cpu: "1", "gpu.example/a": "2" } }),
      { cpu: "1", "gpu.example/a": "2" },
    ],
    [
      "its limit where it requests nothing",
      spec({ limits: { cpu: "2", memory: "1Gi" } }),
      { cpu: "2", memory: "1Gi" },
    ],
    ["its request where both are said", spec({ limits: { cpu: "2" }, requests: { cpu: "1" } }), { cpu: "1" }],
    [
      "the largest init step",
      spec({ requests: { cpu: "1" } }, { initContainers: [init("3")] }),
      { cpu: "3" },
    ],
    [
      "sidecars too",
      spec({ requests: { cpu: "1" } }, { initContainers: [init("3", "Always")] }),
      { cpu: "4" },
    ],
    [
      "what is requested for the whole pod",
      spec({ requests: { cpu: "1" } }, { resources: { requests: { cpu: "5" } } }),
      { cpu: "5" },
    ],
    [
      "the containers where the whole pod has a limit only",
      spec({ requests: { cpu: "1" } }, { resources: { limits: { cpu: "5", memory: "1Gi" } } }),
      { cpu: "1", memory: "1Gi" },
    ],
  ])("%s", (_what, s, want) => expect(formatList(podAmounts(s))).toEqual({ pods: "1", ...want }));

  it.each<[string, Spec]>([
    ["a negative request, which would make room", spec({ requests: { cpu: "-5" } })],
    ["a negative limit", spec({ limits: { memory: "-1Gi" } })],
    ["a negative amount in an init container", spec({}, { initContainers: [init("-1")] })],
    ["containers that are no list", { containers: {} } as never],
    ["no amount", spec({ requests: { cpu: "lots" } })],
    ["an amount of a million digits", spec({ requests: { cpu: "9".repeat(1_000_000) } })],
  ])("nothing for %s: it is refused", (_what, s) => {
    try {
      podAmounts(s);
      expect.unreachable();
    } catch (err) {
      expect(isInvalid(err)).toBe(true);
      expect(String(err).length).toBeLessThan(300);
    }
  });
});

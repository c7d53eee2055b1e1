import { beforeAll, describe, expect, it } from "vitest";
import { services } from "../src/deploy.ts";
import { render, type Rendered } from "../src/rendered.ts";

interface Container {
  name: string;
  image: string;
  securityContext?: {
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    capabilities?: { drop?: string[]; add?: string[] };
  };
  startupProbe?: object;
  livenessProbe?: object;
  readinessProbe?: object;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}
interface Workload {
  spec: {
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        serviceAccountName?: string;
        hostNetwork?: boolean;
        hostPID?: boolean;
        securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type: string } };
        containers: Container[];
        initContainers?: Container[];
        volumes?: Record<string, unknown>[];
      };
    };
  };
}
interface Selecting {
  spec: {
    selector?: { matchLabels: Record<string, string> };
    podSelector?: { matchLabels: Record<string, string> };
  };
}

let base: Rendered;
beforeAll(async () => {
  base = await render("deploy/base");
}, 900_000);

const workload = (name: string): Workload => {
  const found = base.named<Workload>("Deployment", name) ?? base.named<Workload>("StatefulSet", name);
  if (!found) throw new Error(`${name} is not rendered`);
  return found;
};

it("knows every workload", () => {
  const names = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"].flatMap((kind) =>
    base.of(kind).map((m) => m.metadata.name),
  );
  expect(names.sort()).toEqual([...services, "bus"].sort());
});

it("runs where Pod Security enforces restricted", () => {
  const labels = base.of<{ metadata: { labels: Record<string, string> } }>("Namespace")[0]?.metadata.labels;
  expect(labels?.["pod-security.kubernetes.io/enforce"]).toBe("restricted");
});

describe.each([...services, "bus"])("%s", (name) => {
  const pod = (): Workload["spec"]["template"]["spec"] => workload(name).spec.template.spec;

  it("is restricted: no root, nothing writable, no capability, the runtime's seccomp, nothing of the host", () => {
    expect(pod().securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const c of [...pod().containers, ...(pod().initContainers ?? [])]) {
      expect(c.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(c.securityContext?.capabilities?.add).toBeUndefined();
    }
    expect(pod().hostNetwork ?? pod().hostPID ?? false).toBe(false);
    expect((pod().volumes ?? []).filter((v) => "hostPath" in v)).toEqual([]);
  });

  it("has probes, requests, and a limit of memory", () => {
    for (const c of pod().containers) {
      expect(c.startupProbe, "startupProbe").toBeDefined();
      expect(c.livenessProbe, "livenessProbe").toBeDefined();
      expect(c.readinessProbe, "readinessProbe").toBeDefined();
      expect(Object.keys(c.resources?.requests ?? {}).sort()).toEqual(["cpu", "memory"]);
      expect(c.resources?.limits?.memory, "limits.memory").toBeDefined();
    }
  });

  it("has a service account, a disruption budget and a network policy of its own", () => {
    expect(pod().serviceAccountName).toBe(name);
    expect(base.named("ServiceAccount", name)?.metadata.namespace).toBe("tideway-system");
    const { labels } = workload(name).spec.template.metadata;
    const selects = (s: Record<string, string> | undefined): boolean =>
      s !== undefined && Object.entries(s).every(([k, v]) => labels[k] === v);
    const budgets = base
      .of<Selecting>("PodDisruptionBudget")
      .filter((m) => selects(m.spec.selector?.matchLabels));
    expect(budgets.map((m) => m.metadata.name)).toEqual([name]);
    const policies = base
      .of<Selecting>("NetworkPolicy")
      .filter((m) => selects(m.spec.podSelector?.matchLabels));
    expect(policies.map((m) => m.metadata.name)).toEqual([name]);
  });
});

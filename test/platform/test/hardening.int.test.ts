import { beforeAll, describe, expect, it } from "vitest";
import { permissionsOf, publishers } from "../../../hack/bus/permissions.ts";
import { placeOf, services } from "../src/deploy.ts";
import { render, type Rendered } from "../src/rendered.ts";

interface Container {
  name: string;
  image: string;
  env?: { name: string; value?: string }[];
  securityContext?: {
    privileged?: boolean;
    runAsUser?: number;
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
        hostIPC?: boolean;
        securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type: string } };
        containers: Container[];
        initContainers?: Container[];
        volumes?: { name: string; hostPath?: { path: string } }[];
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
  const found = ["Deployment", "StatefulSet", "DaemonSet"]
    .map((kind) => base.named<Workload>(kind, name))
    .find((w) => w !== undefined);
  if (!found) throw new Error(`${name} is not rendered`);
  return found;
};

it("knows every workload", () => {
  const names = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"].flatMap((kind) =>
    base.of(kind).map((m) => m.metadata.name),
  );
  expect(names.sort()).toEqual([...services, "bus"].sort());
});

it("runs where Pod Security enforces restricted, but for the agents of the data path", () => {
  const levels = base
    .of<{ metadata: { name: string; labels: Record<string, string> } }>("Namespace")
    .map(({ metadata }) => [metadata.name, metadata.labels["pod-security.kubernetes.io/enforce"]]);
  expect(Object.fromEntries(levels)).toEqual({
    "tideway-system": "restricted",
    "tideway-network": "privileged",
    "tideway-storage": "restricted",
  });
});

const inNetwork = services.filter((s) => placeOf(s).namespace === "tideway-network");
const restricted = [...services.filter((s) => !inNetwork.includes(s)), "bus"];
const podOf = (name: string): Workload["spec"]["template"]["spec"] => workload(name).spec.template.spec;
const namespaceOf = (name: string): string =>
  services.filter((s) => s === name).map((s) => placeOf(s).namespace)[0] ?? "tideway-system";

describe.each(restricted)("%s", (name) => {
  const pod = (): Workload["spec"]["template"]["spec"] => podOf(name);

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
});

/** Where Pod Security bounds nothing, this does: what an agent has beyond `restricted`, and why. */
const BEYOND: Record<string, { capabilities: string[]; hostNetwork: boolean; hostPaths: string[] }> = {
  // interfaces, routes and translation of its own pod's network; the device that userspace WireGuard opens
  gateway: { capabilities: ["NET_ADMIN", "NET_RAW"], hostNetwork: false, hostPaths: ["/dev/net/tun"] },
  // the node's routes
  "route-agent": { capabilities: ["NET_ADMIN"], hostNetwork: true, hostPaths: [] },
};

describe.each(inNetwork)("%s", (name) => {
  const pod = (): Workload["spec"]["template"]["spec"] => podOf(name);
  const beyond = BEYOND[name]!;

  it("has of the host only what it needs", () => {
    expect(pod().hostNetwork ?? false).toBe(beyond.hostNetwork);
    expect(pod().hostPID ?? pod().hostIPC ?? false).toBe(false);
    const paths = (pod().volumes ?? []).flatMap((v) => v.hostPath?.path ?? []);
    expect(paths.filter((p) => !beyond.hostPaths.includes(p))).toEqual([]);
  });

  it("runs with nothing writable, no way to more rights, the runtime's seccomp, and capabilities by name", () => {
    expect(pod().securityContext).toMatchObject({ seccompProfile: { type: "RuntimeDefault" } });
    for (const c of pod().containers) {
      expect(c.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(c.securityContext?.privileged ?? false).toBe(false);
      const added = c.securityContext?.capabilities?.add ?? [];
      expect(added.filter((capability) => !beyond.capabilities.includes(capability))).toEqual([]);
    }
  });

  it("has an init container with more rights only in a network of its own", () => {
    const strong = (pod().initContainers ?? []).filter((c) => c.securityContext?.privileged);
    expect(strong.length === 0 || !beyond.hostNetwork).toBe(true);
  });
});

it("what is in the host's network answers probes at the loopback and scrapers at the node's address only", () => {
  const env = Object.fromEntries(
    podOf("route-agent").containers[0]?.env?.map((e) => [e.name, e.value]) ?? [],
  );
  expect(env).toMatchObject({ HEALTH_HOST: "127.0.0.1", METRICS_HOST: "$(POD_IP)" });
});

describe.each([...restricted, ...inNetwork])("%s", (name) => {
  const pod = (): Workload["spec"]["template"]["spec"] => podOf(name);

  it("has probes, requests, and a limit of memory", () => {
    for (const c of pod().containers) {
      expect(c.startupProbe, "startupProbe").toBeDefined();
      expect(c.livenessProbe, "livenessProbe").toBeDefined();
      expect(c.readinessProbe, "readinessProbe").toBeDefined();
      expect(Object.keys(c.resources?.requests ?? {}).sort()).toEqual(["cpu", "memory"]);
      expect(c.resources?.limits?.memory, "limits.memory").toBeDefined();
    }
  });

  it("has a service account of its own", () => {
    expect(pod().serviceAccountName).toBe(name);
    expect(base.named("ServiceAccount", name)?.metadata.namespace).toBe(namespaceOf(name));
  });
});

// A node's agent is neither evicted by a drain nor seen by network policies: it has the node's own address.
describe.each([...restricted, "gateway"])("%s", (name) => {
  it("has a disruption budget and a network policy of its own", () => {
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
    expect(policies.map((m) => m.metadata.namespace)).toEqual([namespaceOf(name)]);
  });
});

describe("mdns-agent, of the component discovery-mdns", () => {
  let component: Rendered;
  beforeAll(async () => {
    component = await render("deploy/components/discovery-mdns");
  });
  const pod = (): Workload["spec"]["template"]["spec"] =>
    component.named<Workload>("Deployment", "mdns-agent")!.spec.template.spec;

  it("has of the host its network, and else is restricted", () => {
    expect(pod()).toMatchObject({
      hostNetwork: true,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(pod().hostPID ?? pod().hostIPC ?? false).toBe(false);
    expect((pod().volumes ?? []).filter((v) => "hostPath" in v)).toEqual([]);
    for (const c of pod().containers) {
      expect(c.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(c.securityContext?.capabilities?.add).toBeUndefined();
      expect(c.resources?.limits?.memory).toBeDefined();
    }
  });

  it("gets no credentials of the API server, and no right there", () => {
    expect(pod()).toMatchObject({ automountServiceAccountToken: false });
    expect(
      ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"].flatMap((k) => component.of(k)),
    ).toEqual([]);
  });

  it("answers probes at the loopback and scrapers at the node's address only, at ports that no other agent has", () => {
    const envOf = (p: Workload["spec"]["template"]["spec"]): Record<string, string | undefined> =>
      Object.fromEntries(p.containers[0]?.env?.map((e) => [e.name, e.value]) ?? []);
    const [agent, routes] = [envOf(pod()), envOf(podOf("route-agent"))];
    expect(agent).toMatchObject({ HEALTH_HOST: "127.0.0.1", METRICS_HOST: "$(POD_IP)" });
    expect([agent.HEALTH_PORT, agent.METRICS_PORT]).not.toEqual(
      expect.arrayContaining([routes.HEALTH_PORT, routes.METRICS_PORT]),
    );
  });

  it("says sightings and what strangers did, hears of this cluster's door, and of nothing else on the bus", () => {
    const { publish, subscribe } = permissionsOf("mdns-agent", publishers()["mdns-agent"] ?? []);
    const entities = [...publish, ...subscribe].flatMap((s) => /tideway\.v1\.([a-z]+)/.exec(s)?.[1] ?? []);
    expect([...new Set(entities)].sort()).toEqual(["audit", "door", "sighting"]);
    expect(publish.filter((s) => s.startsWith("tideway.v1.")).toSorted()).toEqual([
      "tideway.v1.audit.unknown.*",
      "tideway.v1.sighting.>",
    ]);
    expect([...publish, ...subscribe].filter((s) => /STREAM\.(CREATE|UPDATE|DELETE|PURGE)/.test(s))).toEqual(
      [],
    );
  });
});

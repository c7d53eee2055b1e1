import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { binaries } from "@tideway/sandbox";
import { checkout, placeOf, services } from "../src/deploy.ts";
import { render, type Rendered } from "../src/rendered.ts";

interface Deployment {
  spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } };
}
interface StatefulSet {
  spec: {
    replicas: number;
    serviceName: string;
    podManagementPolicy?: string;
    template: {
      spec: {
        containers: { args: string[]; ports: { name: string }[] }[];
        volumes: { name: string; configMap?: { name: string } }[];
        topologySpreadConstraints?: { topologyKey: string }[];
      };
    };
  };
}
interface ConfigMap {
  data: Record<string, string>;
}

const valueOf = (d: Deployment, name: string): string | undefined =>
  d.spec.template.spec.containers[0]?.env.find((e) => e.name === name)?.value;

/** nats-server reads the configuration that a rendered StatefulSet mounts, with the bus's credentials. */
const checkConfig = async (r: Rendered, run: string): Promise<string> => {
  const mounted = r
    .named<StatefulSet>("StatefulSet", "bus")
    ?.spec.template.spec.volumes.find((v) => v.name === "config")?.configMap?.name;
  const files = r.named<ConfigMap>("ConfigMap", mounted ?? "")?.data ?? {};
  const dir = mkdtempSync(join(tmpdir(), "tideway-ha-"));
  try {
    execFileSync(process.execPath, [join(checkout, "hack/bus-credentials.ts"), "--out", dir]);
    for (const [name, text] of Object.entries(files))
      writeFileSync(
        join(dir, name),
        text.replaceAll("/etc/nats-tls", dir).replace("../nats-users/", "./").replace("/data", dir),
      );
    const command = await binaries.nats();
    const env = { ...process.env, POD_NAME: "bus-0" };
    execFileSync(command, ["-t", "-c", join(dir, run)], { env, stdio: "pipe" });
    return files[run] ?? "";
  } finally {
    rmSync(dir, { recursive: true });
  }
};

describe.each(["production", "ha"])("overlay %s", (name) => {
  it("renders every service with this cluster's name and addresses, and an auth that peers can reach", async () => {
    const r = await render(`deploy/overlays/${name}`);
    for (const kind of ["Deployment", "DaemonSet"] as const)
      expect(
        r
          .of(kind)
          .map((m) => m.metadata.name)
          .sort(),
      ).toEqual(services.filter((s) => placeOf(s).kind === kind).sort());
    expect(Object.keys(r.named<ConfigMap>("ConfigMap", "tideway-cluster")?.data ?? {}).sort()).toEqual([
      "apiServer",
      "authEndpoint",
      "clusterName",
    ]);
    expect(r.named<{ spec: { type: string } }>("Service", "auth")?.spec.type).toBe("LoadBalancer");
  });
});

describe("the bus of overlay production", () => {
  it("is one server, whose configuration nats-server takes", async () => {
    const r = await render("deploy/overlays/production");
    expect(r.named<StatefulSet>("StatefulSet", "bus")?.spec.replicas).toBe(1);
    expect(await checkConfig(r, "nats.conf")).not.toContain("cluster {");
  });
});

describe("the bus of overlay ha", () => {
  let r: Rendered;
  beforeAll(async () => {
    r = await render("deploy/overlays/ha");
  });

  it("is three servers, started together and spread over nodes", () => {
    const bus = r.named<StatefulSet>("StatefulSet", "bus");
    expect(bus?.spec).toMatchObject({ replicas: 3, podManagementPolicy: "Parallel" });
    expect(bus?.spec.template.spec.topologySpreadConstraints?.[0]?.topologyKey).toBe(
      "kubernetes.io/hostname",
    );
    expect(bus?.spec.template.spec.containers[0]?.args).toEqual(["-c", "/etc/nats/ha.conf"]);
  });

  it("has a route to each server, by names that resolve before the servers are ready", async () => {
    const governing = r.named<StatefulSet>("StatefulSet", "bus")?.spec.serviceName ?? "";
    const service = r.named<{ spec: object }>("Service", governing);
    expect(service?.spec).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true });
    const config = await checkConfig(r, "ha.conf");
    for (const i of [0, 1, 2])
      expect(config).toContain(`nats-route://bus-${i}.${governing}.tideway-system.svc:6222`);
  });

  it("lets the servers, and nobody else, talk over the routes", () => {
    const policy = r.named<{ spec: { ingress: object[]; egress: object[] } }>("NetworkPolicy", "bus");
    const others = { podSelector: { matchLabels: { "app.kubernetes.io/name": "bus" } } };
    expect(policy?.spec.ingress).toContainEqual({ from: [others], ports: [{ port: "routes" }] });
    expect(policy?.spec.egress).toContainEqual({ to: [others], ports: [{ port: "routes" }] });
  });

  it("keeps the streams on all three: every service is told the same", () => {
    const all = ["Deployment", "DaemonSet"].flatMap((kind) => r.of<Deployment>(kind));
    const told = all.map((d) => valueOf(d, "BUS_REPLICAS"));
    expect(told).toEqual(services.map(() => "3"));
  });
});

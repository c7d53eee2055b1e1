import { workloadPolicies } from "@tideway/api";
import { until } from "@tideway/sandbox";
import { tideway } from "@tideway/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  apply,
  dropNamespace,
  east,
  offloadedNamespace,
  phaseIs,
  podOf,
  shell,
  STAY,
  west,
} from "./world.ts";

const NS = "quota";
let twin: string;

const pod = (name: string, cpu: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: NS },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [shell(STAY, { resources: { requests: { cpu } } })],
    ...spec,
  },
});
const onWest = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await tideway(west.cluster, ...args, "-o", "json")) as T;

describe("what a peer may use, and how its pods are kept apart", () => {
  beforeAll(async () => {
    twin = await offloadedNamespace(NS);
  });
  afterAll(async () => {
    await west.kube.delete(workloadPolicies, "default");
    await dropNamespace(NS);
  });

  it("is shown to its owner: whose pods run here, and what each peer uses of its offer", async () => {
    await apply(east.cluster, pod("counted", "150m"));
    await phaseIs(east, NS, "counted", "Running");
    const foreign = await onWest<{ namespace: string; name: string; peer: string }[]>(
      "pods",
      "--foreign",
      "east",
    );
    expect(foreign).toContainEqual(
      expect.objectContaining({ namespace: twin, name: "counted", peer: "east" }),
    );
    type Tenant = {
      peer: string;
      used: Record<string, string>;
      hard: Record<string, string>;
      namespaces: string[];
    };
    const [tenant] = (await onWest<Tenant[]>("tenants")).filter((t) => t.peer === "east");
    expect(tenant?.namespaces).toContain(twin);
    expect(Number(tenant?.used["pods"])).toBeGreaterThanOrEqual(1);
    expect(tenant?.hard).toHaveProperty("cpu");
    const usage = () =>
      onWest<{ peer: string; hours: Record<string, string> }[]>("usage", "east", "--since", "1h");
    await until(async () => (await usage())[0]?.hours["cpu"] !== undefined, { what: "core hours of east" });
  });

  it("is never exceeded: a pod that goes past the scheduler waits with the number", async () => {
    await apply(east.cluster, pod("greedy", "1000", { nodeName: "west" }));
    const said = await until(
      async () => {
        const status = (await podOf(east, NS, "greedy"))?.status;
        return status?.reason === "QuotaExceeded" ? status : undefined;
      },
      {
        what: "QuotaExceeded at home",
        explain: async () => JSON.stringify((await podOf(east, NS, "greedy"))?.status),
      },
    );
    expect(said).toMatchObject({
      phase: "Pending",
      message: expect.stringMatching(/^cpu: asked 1k, used \S+ of \S+/),
    });
    expect(await podOf(west, twin, "greedy")).toBeUndefined();
    await east.kube.delete(
      { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true },
      "greedy",
      NS,
    );
  });

  it("runs under a filter of system calls, and without a token of the cluster it runs in", async () => {
    const look = "grep Seccomp: /proc/1/status; ls /var/run/secrets/kubernetes.io 2>&1; exit 0";
    const seen = await east.cluster.kubectl("-n", NS, "exec", "counted", "--", "/bin/bash", "-c", look);
    expect(seen).toMatch(/Seccomp:\s+2/);
    expect(seen).toContain("No such file");
  });

  it("comes only in images that the owner lets in", async () => {
    await apply(west.cluster, {
      apiVersion: "offloading.tideway.dev/v1alpha1",
      kind: "WorkloadPolicy",
      metadata: { name: "default" },
      spec: { images: { deny: ["tideway.local"] }, podSecurity: "restricted" },
    });
    const level = async () =>
      await west.cluster.kubectl("get", "ns", twin, "-o", "jsonpath={.metadata.labels}");
    await until(async () => (await level()).includes('"pod-security.kubernetes.io/enforce":"restricted"'), {
      what: "the policy in force",
    });
    await apply(east.cluster, pod("denied", "1m"));
    const failed = await phaseIs(east, NS, "denied", "Failed");
    expect(failed.status).toMatchObject({
      reason: "PolicyRefused",
      message: expect.stringContaining("images.deny[0]"),
    });
    expect((await podOf(east, NS, "counted"))?.status?.phase).toBe("Running");
  });
});

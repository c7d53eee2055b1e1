import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resourceRequests, tenants } from "@tideway/api";
import { createKube, type Kube } from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import { connected, PORT, probe, readyPod } from "./fabric.ts";
import {
  apply,
  dropNamespace,
  east,
  identityOf,
  kubectlRaw,
  nodeReady,
  offloadedNamespace,
  phaseIs,
  podOf,
  shell,
  STAY,
  west,
} from "./world.ts";

const NS = "revoked";
const TENANT = "tideway-tenant-east";
let twin: string;
let asEast: Kube;

beforeAll(async () => {
  twin = await offloadedNamespace(NS);
  asEast = createKube(await identityOf(east, "west"), { userAgent: "tideway-e2e-east" });
});
afterAll(async () => {
  await asEast.close();
  await dropNamespace(NS);
});

describe("a peer that is revoked", () => {
  const VISITOR = "visitor-of-revoked";
  const tenantNow = () => west.kube.get(tenants, "east");
  /** Each answer that the visitor got through the tunnel, ms since the epoch. */
  const answers = (out: string): number[] =>
    out
      .split("\n")
      .filter((l) => /^\d+$/.test(l))
      .map(Number);
  const ask = (): Promise<boolean> =>
    asEast.list(resourceRequests, { namespace: TENANT }).then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    const [here] = east.cluster.nodes;
    await apply(east.cluster, probe({ name: "answers", namespace: NS, hostname: "west" }));
    await apply(east.cluster, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: VISITOR, namespace: "default" },
      spec: { nodeName: here, containers: [shell(STAY)] },
    });
    await connected(east, west);
    await Promise.all([readyPod(east, NS, "answers"), phaseIs(east, "default", VISITOR, "Running")]);
  });
  afterAll(async () => {
    await tideway(west.cluster, "revoke", "east", "--undo").catch(() => undefined);
    await east.cluster.kubectl("delete", "pod", VISITOR, "--ignore-not-found", "--wait=false");
    await until(nodeReady, { what: "the node Ready again" });
  });

  it("is cut off within a second, on the API and on the tunnel, and comes back when that is taken back", async () => {
    const address = (await podOf(east, NS, "answers"))?.status?.podIP ?? "";
    const url = `http://${address}:${PORT}/`;
    const loop = `while true; do curl -s -m 0.3 -o /dev/null ${url} && date +%s%3N || echo silence; sleep 0.03; done`;
    let revokedAt = Infinity;
    const asking = kubectlRaw(east.cluster, ["exec", VISITOR, "--", "bash", "-c", loop], {
      until: (out) => Date.now() > revokedAt && out.endsWith("silence\n".repeat(8)),
      timeoutMs: 120_000,
    });
    await until(
      async () => {
        const one = await kubectlRaw(east.cluster, ["exec", VISITOR, "--", "curl", "-s", "-m", "1", url]);
        return one.code === 0;
      },
      { what: "an answer through the tunnel" },
    );
    expect(await ask()).toBe(true);
    const { uid } = (await podOf(west, twin, "answers"))?.metadata ?? {};
    await tideway(west.cluster, "revoke", "east", "--pods", "keep", "--reason", "tried");
    revokedAt = Date.now();
    await until(async () => !(await ask()), { what: "no to the API", everyMs: 10 });
    const apiMs = Date.now() - revokedAt;
    const { out } = await asking;
    const tunnelMs = Math.max(...answers(out)) - revokedAt;
    console.info(`revoked: API after ${apiMs} ms, last answer through the tunnel after ${tunnelMs} ms`);
    expect(tunnelMs, "it was answered until then").toBeGreaterThan(-2_000);
    expect(apiMs).toBeLessThan(1_000);
    expect(tunnelMs).toBeLessThan(1_000);
    expect((await tenantNow()).spec.revoked?.reason).toBe("tried");
    // the pod was kept: it is the way to it that is closed
    expect((await podOf(west, twin, "answers"))?.metadata.uid).toBe(uid);
    await tideway(west.cluster, "revoke", "east", "--undo");
    await until(ask, { what: "the API again" });
    await until(
      async () => {
        const one = await kubectlRaw(east.cluster, ["exec", VISITOR, "--", "curl", "-s", "-m", "1", url]);
        return one.code === 0;
      },
      { what: "the tunnel again" },
    );
  });
});

import { spawn } from "node:child_process";
import { foreignClusters } from "@tideway/api";
import { checkout, tideway } from "@tideway/platform";
import { until } from "@tideway/sandbox";
import type { PeerStatus, StatusReport } from "../../cli/src/status/model.ts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  apply,
  dropNamespace,
  east,
  ensurePeered,
  offloadedNamespace,
  phaseIs,
  type Side,
  shell,
  STAY,
  west,
} from "./world.ts";

const NS = "cli";
const report = async (side: Side): Promise<StatusReport> =>
  JSON.parse(await tideway(side.cluster, "status", "-o", "json"));
const peerOf = async (side: Side, name: string): Promise<PeerStatus> =>
  JSON.parse(await tideway(side.cluster, "status", name, "-o", "json"));

describe("the command line on a running system", () => {
  beforeAll(ensurePeered);
  afterAll(() => dropNamespace(NS));

  it("counts what is borrowed and lent, the same on both sides", async () => {
    await offloadedNamespace(NS);
    const container = shell(STAY, { resources: { requests: { cpu: "100m", memory: "32Mi" } } });
    const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
    await apply(east.cluster, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: NS },
      spec,
    });
    await phaseIs(east, NS, "p", "Running");
    // Each side says what it knows now; what the other has just changed comes a moment later.
    await vi.waitFor(
      async () => {
        const here = await peerOf(east, "west");
        expect(here.borrowed).toMatchObject({ used: { cpu: "0.1", memory: "32Mi" }, pods: 1 });
        expect(here.namespaces).toMatchObject([{ namespace: NS, twin: `tideway-east--${NS}`, ready: true }]);
        const { lent } = await peerOf(west, "east");
        expect(lent).toMatchObject({ used: { cpu: "0.1", memory: "32Mi" }, pods: 1, decision: "Accepted" });
        expect(lent?.offered).toEqual(here.borrowed?.offered);
        const { services, problems } = await report(east);
        expect(problems).toEqual([]);
        for (const s of services) expect(s.ready, s.name).toBe(s.desired);
      },
      { timeout: 60_000, interval: 500 },
    );
  });

  it("changes nothing when a peer that is peered is peered again", async () => {
    const before = await east.kube.get(foreignClusters, "west");
    const invitation = (await tideway(west.cluster, "invite")).trim();
    await tideway(east.cluster, "peer", invitation, "--wait", "--timeout", "60s");
    const after = await east.kube.get(foreignClusters, "west");
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect((await peerOf(east, "west")).borrowed?.pods).toBe(1);
  });

  it("follows what happens, through the API server", async () => {
    const args = [
      "--kubeconfig",
      east.cluster.kubeconfig,
      "events",
      "--follow",
      "--since",
      "1s",
      "-o",
      "json",
    ];
    const follower = spawn(`${checkout}/bin/tideway`, args, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    follower.stdout.on("data", (b: Buffer) => (out += b.toString()));
    const ended = new Promise<number | null>((resolve) => follower.on("close", (code) => resolve(code)));
    try {
      await tideway(east.cluster, "unoffload", "namespace", NS, "--wait", "--timeout", "60s");
      await until(async () => out.includes("dev.tideway.namespace.gone"), {
        what: "the end of the offloading as an event",
      });
      const events = out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { entity: string; key?: string });
      expect(events.some((e) => e.entity === "namespace" && e.key === NS)).toBe(true);
    } finally {
      follower.kill("SIGINT");
    }
    expect(await ended).toBe(0);
  });

  it("shows what a provider decided about its peer, and why", async () => {
    const audit = await tideway(west.cluster, "audit", "east");
    expect(audit).toMatch(
      / east +granted +authenticate +Tenant\/east +IdentityGranted: by Invitation \S+, valid until /,
    );
  });

  it("has the history of one peer", async () => {
    const lines = (await tideway(east.cluster, "events", "--peer", "west", "-o", "json")).trim().split("\n");
    const seen = new Set(lines.map((line) => (JSON.parse(line) as { entity: string }).entity));
    for (const entity of ["peer", "identity", "offer", "replication", "node"]) expect(seen).toContain(entity);
  });
});

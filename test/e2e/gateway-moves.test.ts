import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NETWORK_NAMESPACE, tunnelName } from "@tideway/api";
import { namespaces } from "@tideway/k8s";
import {
  checkout,
  deployTideway,
  inNode,
  load,
  type LoadReport,
  nodeCalled,
  rolledOut,
  tideway,
} from "@tideway/platform";
import { until } from "@tideway/sandbox";
import {
  answers,
  connected,
  ensureConnected,
  gatewayPod,
  PORT,
  probe,
  readyPod,
  tunnelOf,
} from "./fabric.ts";
import { apply, dropNamespace, east, type Side, west } from "./world.ts";

/** Where the gateways are and how they are called changes while pods talk across the border. */

const NS = "moves";
/** How long nobody may be answered, ms: what else would end it, a new handshake, takes longer. The bench says how long. */
const PATIENCE_MS = 6_000;
/** Of a gateway that is replaced on a host port: the new one cannot start before the old one has left the port. */
const RESTART_MS = 30_000;

beforeAll(async () => {
  await ensureConnected();
  if (!(await east.kube.find(namespaces, NS))) await east.cluster.kubectl("create", "namespace", NS);
  await tideway(east.cluster, "offload", "namespace", NS, "--wait", "--timeout", "60s");
  const gatewayNode = (await tunnelOf(east, "west"))?.status?.node;
  const home = east.cluster.nodes.find((n) => n !== gatewayNode) ?? "";
  await apply(east.cluster, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "there", namespace: NS },
    spec: { selector: { app: "there" }, ports: [{ name: "http", port: PORT }] },
  });
  await apply(east.cluster, probe({ name: "there", namespace: NS, hostname: "west" }));
  await apply(east.cluster, probe({ name: "home", namespace: NS, hostname: home }));
  await Promise.all(["there", "home"].map((name) => readyPod(east, NS, name)));
  await answers(east, NS, "home", "there", "there");
});
afterAll(async () => {
  await dropNamespace(NS);
});

/** What pods that talk all the time notice of what happens. */
const loaded = async (what: string, during: () => Promise<void>): Promise<LoadReport> => {
  const running = await load(east.cluster, NS, "home", { host: "there", timeoutMs: 1_000 });
  const [outcome] = await Promise.allSettled([during()]);
  if (outcome.status === "fulfilled") await answers(east, NS, "home", "there", "there");
  const report = await running.stop();
  if (outcome.status === "rejected") throw outcome.reason;
  console.log(`${what}: ${Math.round(report.longestGapMs)} ms without an answer`);
  return report;
};

const nodeOfGateway = async (s: Side, peer: string): Promise<string | undefined> =>
  (await tunnelOf(s, peer))?.status?.node;

describe.each([
  [east, "west"],
  [west, "east"],
] as const)("a gateway", (s, peer) => {
  it(`of ${s.cluster.name} that moves to another node takes the traffic along`, async () => {
    const before = await nodeOfGateway(s, peer);
    await s.cluster.kubectl("cordon", before ?? "");
    try {
      const seen = await loaded(`gateway of ${s.cluster.name} moved`, async () => {
        await s.cluster.kubectl("-n", NETWORK_NAMESPACE, "delete", "pod", await gatewayPod(s, peer));
        await until(async () => ![before, undefined].includes(await nodeOfGateway(s, peer)), {
          what: "a gateway on another node",
        });
        await connected(east, west);
      });
      expect(seen.longestGapMs).toBeLessThan(PATIENCE_MS);
    } finally {
      await s.cluster.kubectl("uncordon", before ?? "");
    }
  });
});

interface Component {
  patches: { target: { name: "gateway" | "network-manager" }; patch: string }[];
}
/** Does to west what an owner does who puts the component into the overlay. */
const addComponent = async (name: string): Promise<void> => {
  const file = join(checkout, "deploy/components", name, "kustomization.yaml");
  const { patches } = parse(readFileSync(file, "utf8")) as Component;
  for (const { target, patch } of patches) {
    const namespace = target.name === "gateway" ? NETWORK_NAMESPACE : "tideway-system";
    await west.cluster.kubectl(
      ...["-n", namespace, "patch", "deployment", target.name, "--type=strategic", "-p", patch],
    );
  }
  await Promise.all(patches.map(({ target }) => rolledOut(west.cluster, target.name)));
};
const escaped = (address: string): string => address.replaceAll(".", "\\.");
const calledAt = async (): Promise<string> => (await tunnelOf(east, "west"))?.status?.endpoint ?? "";
/** East's tunnel uses it, and passes. */
const reachedAt = async (endpoint: string | RegExp): Promise<void> => {
  await until(
    async () => {
      const at = await calledAt();
      return typeof endpoint === "string" ? at === endpoint : endpoint.test(at);
    },
    { what: `west called at ${String(endpoint)}`, explain: calledAt },
  );
  await connected(east, west);
  await answers(east, NS, "home", "there", "there");
};

/** East is as behind a NAT: nobody calls it, so that its tunnel stays where it calls west. */
describe("the way in to the only side that has one", () => {
  beforeAll(async () => {
    await east.cluster.kubectl(
      ...["-n", "tideway-system", "set", "env", "deployment/network-manager", "GATEWAY_EXPOSURE=None"],
    );
    await rolledOut(east.cluster, "network-manager");
    // Where west called last, the tunnel goes on by that way: another gateway has none, and waits to be called.
    await west.cluster.kubectl("-n", NETWORK_NAMESPACE, "delete", "pod", await gatewayPod(west, "east"));
  });
  afterAll(async () => {
    await Promise.all([east, west].map((s) => deployTideway(s.cluster)));
    await connected(east, west);
  }, 180_000);

  it("is a port of a node, unless it is said otherwise", async () => {
    await reachedAt(/:3\d{4}$/);
  });

  describe("by a balancer's address", () => {
    const segment = nodeCalled(west.cluster, west.cluster.nodes[0] ?? "").address.replace(/\.\d+$/, "");
    const [first, second] = [`${segment}.250`, `${segment}.251`]; // beyond every cluster's
    /** A balancer: an address of its own that leads to a node, and the word of it in the Service. */
    const balance = async (address: string): Promise<void> => {
      const [node = ""] = west.cluster.nodes;
      await inNode(west.cluster, node, "ip", "address", "replace", `${address}/32`, "dev", "eth0");
      const status = { loadBalancer: { ingress: [{ ip: address }] } };
      await west.cluster.kubectl(
        ...["-n", NETWORK_NAMESPACE, "patch", "service", tunnelName("east"), "--subresource=status"],
        ...["--type=merge", "-p", JSON.stringify({ status })],
      );
    };
    const unbalance = (address: string): Promise<unknown> =>
      inNode(
        west.cluster,
        west.cluster.nodes[0] ?? "",
        "ip",
        "address",
        "del",
        `${address}/32`,
        "dev",
        "eth0",
      );

    it("carries traffic", async () => {
      await addComponent("gateway-loadbalancer");
      const type = (): Promise<string> =>
        west.cluster.kubectl(
          ...["-n", NETWORK_NAMESPACE, "get", "service", tunnelName("east"), "-o", "jsonpath={.spec.type}"],
        );
      await until(async () => (await type()) === "LoadBalancer", { what: "a Service of a balancer" });
      await balance(first);
      await reachedAt(new RegExp(`^${escaped(first)}:5182[01]$`));
    });

    it("that becomes another one is called there, while pods talk", async () => {
      const seen = await loaded("address of west's gateway changed", async () => {
        await balance(second);
        await unbalance(first);
        await reachedAt(new RegExp(`^${escaped(second)}:5182[01]$`));
      });
      expect(seen.longestGapMs).toBeLessThan(PATIENCE_MS);
      await unbalance(second);
    });
  });

  it("by a port of the gateway's node carries traffic", async () => {
    const nodes = west.cluster.nodes.map((n) => escaped(nodeCalled(west.cluster, n).address));
    const seen = await loaded("from balancer to host port", async () => {
      await addComponent("gateway-hostport");
      await reachedAt(new RegExp(`^(${nodes.join("|")}):518[23]\\d$`));
    });
    expect(seen.longestGapMs).toBeLessThan(RESTART_MS);
    const { address } = nodeCalled(west.cluster, (await nodeOfGateway(west, "east")) ?? "");
    expect(await calledAt()).toMatch(new RegExp(`^${escaped(address)}:`));
  });
});

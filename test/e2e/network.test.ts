import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "@tideway/sandbox";
import { ingresses, namespaces, services as serviceKind } from "@tideway/k8s";
import { contains } from "@tideway/net";
import { deployTideway, fetchAndCheck, load, type LoadReport, tideway } from "@tideway/platform";
import type { NetworkStatus } from "../../cli/src/network/model.ts";
import type { TestReport } from "../../cli/src/network/matrix/report.ts";
import {
  answers,
  borderPolicy,
  connected,
  ensureConnected,
  gatewayPod,
  inPod,
  killGateway,
  matrix,
  PORT,
  probe,
  readyPod,
  remoteRoutes,
  seenFrom,
  silent,
  slicesOf,
  traces,
  tunnelOf,
} from "./fabric.ts";
import { apply, dropNamespace, east, ensureUnpeered, offloadedNamespace, type Side, west } from "./world.ts";

/** Both clusters have the same pod and service CIDRs, and two nodes each. */

const NS = "fabric";
const VAULT = "vault";
/** TIDEWAY_LONG=1 sends a whole GiB. */
const MIB = process.env.TIDEWAY_LONG === "1" ? 1024 : 256;
let twin: string;

const service = (name: string, spec: object, namespace = NS): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec,
});
const ports = [
  { name: "http", port: PORT },
  { name: "raw", port: PORT + 1 },
];
const statefulSet = (name: string, replicas: number, hostname: string): object => {
  const { metadata, spec } = probe({ name, namespace: NS, hostname }) as {
    metadata: { labels: object };
    spec: { containers: { env: object[] }[] };
  };
  const byName = { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } };
  const containers = spec.containers.map((c) => ({ ...c, env: [byName, ...c.env.slice(1)] }));
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace: NS },
    spec: {
      serviceName: name,
      replicas,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: metadata.labels }, spec: { ...spec, containers } },
    },
  };
};
const other = (s: Side, gatewayNode: string | undefined): string =>
  s.cluster.nodes.find((n) => n !== gatewayNode) ?? "";

beforeAll(async () => {
  await ensureConnected();
  twin = await offloadedNamespace(NS);
  await tideway(east.cluster, "offload", "namespace", NS, "--wait"); // both here and there
  if (!(await east.kube.find(namespaces, VAULT))) await east.cluster.kubectl("create", "namespace", VAULT);
  const here = other(east, (await tunnelOf(east, "west"))?.status?.node);
  for (const name of ["here", "there"])
    await apply(east.cluster, service(name, { clusterIP: "None", selector: { app: name }, ports }));
  await apply(east.cluster, service("all-there", { selector: { app: "there" }, ports }));
  await apply(east.cluster, service("all-here", { selector: { app: "here" }, ports }));
  await apply(east.cluster, statefulSet("here", 2, here));
  await apply(east.cluster, statefulSet("there", 2, "west"));
  await apply(east.cluster, probe({ name: "safe", namespace: VAULT, hostname: here }));
  await Promise.all(["here-0", "here-1", "there-0", "there-1"].map((name) => readyPod(east, NS, name)));
  await readyPod(east, VAULT, "safe");
});
afterAll(async () => {
  await dropNamespace(NS);
  await dropNamespace(VAULT);
});

describe("the matrix", () => {
  let report: TestReport;
  beforeAll(async () => {
    report = await matrix(east.cluster, west.cluster);
  }, 300_000);

  it("covers gateway and other nodes of both clusters, and leaves no cell out", () => {
    expect(report.cells.filter((c) => c.result === "skipped")).toEqual([]);
    const from = new Set(report.cells.map((c) => c.from));
    for (const spot of ["ours/gateway", "ours/other", "theirs/gateway", "theirs/other"])
      expect(from, report.notes.join("; ")).toContain(spot);
    expect(from).toContain("ours/gateway/node");
    expect(from).toContain("ours/other/node");
  });

  for (const kind of ["pod-pod", "pod-service", "pod-headless", "node-pod", "nodeport", "control", "denied"])
    it(`${kind}: every cell is as it should be`, () => {
      const cells = report.cells.filter((c) => c.kind === kind);
      expect(cells.length).toBeGreaterThan(0);
      expect(cells.filter((c) => c.result !== "ok").map((c) => `${c.id}: ${c.detail ?? ""}`)).toEqual([]);
    });

  it("has pods seen at an address of the agreed prefix, not at the node's", async () => {
    const seenAt = (await tunnelOf(west, "east"))?.spec.remote?.seenPodCIDR ?? "";
    const out = report.cells.filter((c) => c.kind === "pod-pod" && c.from.startsWith("ours/") && c.sawSource);
    expect(out.length).toBeGreaterThan(0);
    for (const c of out) expect(contains(seenAt, c.sawSource ?? ""), `${c.id}: ${c.sawSource}`).toBe(true);
  });
});

it("tideway network status knows the tunnel, its gateway's figures and both translations", async () => {
  const status = async (): Promise<NetworkStatus> =>
    JSON.parse(await tideway(east.cluster, "network", "status", "west", "-o", "json")) as NetworkStatus;
  const { tunnels } = await until(
    async () => {
      const now = await status();
      return now.problems.length === 0 && now.tunnels[0]?.loss === 0 && now; // what the matrix lost is forgotten soon
    },
    { what: "a tunnel that loses nothing", explain: async () => JSON.stringify(await status()) },
  );
  expect(tunnels).toMatchObject([{ peer: "west", ready: "True", node: expect.any(String), loss: 0 }]);
  const { ourPods, theirPods } = tunnels[0]!.translation;
  expect(ourPods.cidr).toBe(theirPods?.cidr); // the same addresses at home
  expect(theirPods?.seenAt).not.toBe(ourPods.cidr);
  expect(tunnels[0]!.sentBytes).toBeGreaterThan(0);
});

describe("what is reflected", () => {
  it("EndpointSlices carry translated addresses, port names, host names and conditions", async () => {
    const seenAt = (await tunnelOf(west, "east"))?.spec.remote?.seenPodCIDR ?? "";
    const endpoints = await until(
      async () => {
        const all = (await slicesOf(west, twin, "here")).flatMap((s) => s.endpoints ?? []);
        return all.length === 2 && all.every((e) => e.conditions?.ready) ? all : undefined;
      },
      { what: "two ready endpoints of here on west" },
    );
    for (const e of endpoints) expect(contains(seenAt, e.addresses[0] ?? "")).toBe(true);
    expect(endpoints.map((e) => e.hostname).sort()).toEqual(["here-0", "here-1"]);
    const slices = (await slicesOf(west, twin, "here")).filter((s) => s.endpoints?.length);
    const names = slices[0]?.ports?.map((p) => `${p.name} ${p.port}`).sort();
    expect(names).toEqual([`http ${PORT}`, `raw ${PORT + 1}`]);
  });

  it("pod addresses on the consumer are those that it reaches", async () => {
    const seenAt = (await tunnelOf(east, "west"))?.spec.remote?.seenPodCIDR ?? "";
    const ip = (await readyPod(east, NS, "there-0")).status?.podIP ?? "";
    expect(contains(seenAt, ip)).toBe(true);
    await answers(east, NS, "here-0", ip, "there-0");
  });

  it("a StatefulSet's pods are called by name, both ways", async () => {
    await answers(east, NS, "here-0", "there-1.there", "there-1");
    await answers(east, NS, "there-1", "here-0.here", "here-0");
    await answers(east, NS, "there-1", "here-1.here", "here-1");
  });

  it("a Service is reached by name, both ways, and by its full name where it is at home", async () => {
    await answers(east, NS, "here-0", "all-there", /^there-/);
    await answers(east, NS, "here-0", `all-there.${NS}.svc.cluster.local`, /^there-/);
    await answers(east, NS, "there-0", "all-here", /^here-/);
  });

  it("endpoints follow when a workload is scaled", async () => {
    const count = async (): Promise<number> =>
      (await slicesOf(west, twin, "here"))
        .flatMap((s) => s.endpoints ?? [])
        .filter((e) => e.conditions?.ready).length;
    await east.cluster.kubectl("-n", NS, "scale", "statefulset/here", "--replicas=1");
    await until(async () => (await count()) === 1, { what: "one endpoint on west" });
    await east.cluster.kubectl("-n", NS, "scale", "statefulset/here", "--replicas=2");
    await until(async () => (await count()) === 2, { what: "two endpoints on west" });
  });

  it("an endpoint in a node's own network is reached by an external address", async () => {
    const node = east.cluster.nodes[0] ?? "";
    const host = probe({ name: "on-host", namespace: NS, hostname: node }) as {
      spec: { containers: { env: { name: string; value: string }[]; readinessProbe?: object }[] };
    };
    const [main] = host.spec.containers;
    const env = main?.env.map((e) => (e.name === "PORT" ? { ...e, value: "18080" } : e));
    const readinessProbe = { httpGet: { path: "/", port: 18080 }, periodSeconds: 1 };
    const containers = [{ ...main, env, readinessProbe, ports: [] }];
    await apply(east.cluster, { ...host, spec: { ...host.spec, hostNetwork: true, containers } });
    await apply(
      east.cluster,
      service("on-host", { selector: { app: "on-host" }, ports: [{ port: PORT, targetPort: 18080 }] }),
    );
    await readyPod(east, NS, "on-host");
    await answers(east, NS, "there-0", "on-host", "on-host");
  });

  it("a pod that asks for it talks to the API server of its home, as its own service account", async () => {
    const { automountServiceAccountToken: _off, ...spec } = (
      probe({ name: "caller", namespace: NS, hostname: "west" }) as { spec: Record<string, unknown> }
    ).spec;
    const annotations = { "tideway.dev/api-server": "consumer" };
    const metadata = { name: "caller", namespace: NS, annotations, labels: { app: "caller" } };
    await apply(east.cluster, { apiVersion: "v1", kind: "Pod", metadata, spec });
    await readyPod(east, NS, "caller");
    const ask = `
      cd /var/run/secrets/kubernetes.io/serviceaccount
      curl -sS --fail --max-time 5 --cacert ca.crt -H "Authorization: Bearer $(cat token)" \\
        -H "Content-Type: application/json" \\
        -d '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}' \\
        https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/apis/authentication.k8s.io/v1/selfsubjectreviews`;
    const said = await until(() => inPod(east, NS, "caller", "bash", "-c", ask), {
      what: "the answer of east's API server to a pod on west",
    });
    const { userInfo } = (
      JSON.parse(said) as { status: { userInfo: { username: string; extra: Record<string, string[]> } } }
    ).status;
    expect(userInfo.username).toBe(`system:serviceaccount:${NS}:default`);
    expect(userInfo.extra["authentication.kubernetes.io/pod-name"]).toEqual(["caller"]);
  });

  it("ExternalName and Ingress cross, classes as the map says", async () => {
    await apply(east.cluster, service("outside", { type: "ExternalName", externalName: "db.example.org" }));
    const backend = { service: { name: "all-there", port: { name: "http" } } };
    const paths = [{ path: "/", pathType: "Prefix", backend }];
    const ingress = (name: string, ingressClassName: string): object => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name, namespace: NS },
      spec: { ingressClassName, rules: [{ host: "shop.example.org", http: { paths } }] },
    });
    const classes = [
      { from: "inside", to: "nginx" },
      { from: "private", to: "-" },
    ];
    const mapped = (ingressClasses: object[] | null): Promise<string> =>
      east.cluster.kubectl(
        ...["patch", "virtualnodes.offloading.tideway.dev", "west", "--type=merge"],
        ...["-p", JSON.stringify({ spec: { ingressClasses } })],
      );
    const opened = (names: string): Promise<string> =>
      west.cluster.kubectl(
        ...["-n", "tideway-system", "patch", "configmap", "tideway-peer-ingress-classes", "--type=merge"],
        ...["-p", JSON.stringify({ data: { classes: names, hosts: names && "shop.example.org" } })],
      );
    await opened("nginx");
    await mapped(classes);
    try {
      await apply(east.cluster, ingress("shop", "inside"));
      await apply(east.cluster, ingress("own", "private"));
      const copy = await until(() => west.kube.find(ingresses, "shop", twin), {
        what: "the Ingress on west",
      });
      expect(copy.spec?.ingressClassName).toBe("nginx");
      expect(copy.spec?.rules?.[0]?.host).toBe("shop.example.org");
      const outside = await until(() => west.kube.find(serviceKind, "outside", twin), {
        what: "the ExternalName on west",
      });
      expect(outside.spec).toMatchObject({ type: "ExternalName", externalName: "db.example.org" });
      expect(await west.kube.find(ingresses, "own", twin)).toBeUndefined();
    } finally {
      await mapped(null);
      await opened("");
    }
  });
});

describe("default deny", () => {
  let safe: string;
  const open = (spec: object): Promise<void> =>
    apply(east.cluster, borderPolicy("vault", { peers: ["west"], namespaces: [VAULT], ...spec }));
  const close = (): Promise<string> =>
    east.cluster.kubectl("delete", "borderpolicy", "vault", "--ignore-not-found");
  beforeAll(async () => {
    safe = await seenFrom(east, west, (await readyPod(east, VAULT, "safe")).status?.podIP ?? "");
  });
  afterAll(close);

  it("keeps what is not offloaded from the pods that we placed there", async () => {
    await answers(east, NS, "there-0", "all-here", /^here-/); // the way itself is open
    await silent(east, NS, "there-0", safe);
  });

  it("a BorderPolicy opens a namespace, its ports only, and its end closes it again", async () => {
    await open({ ports: [{ protocol: "TCP", port: PORT }] });
    await answers(east, NS, "there-0", safe, "safe");
    await expect(
      inPod(east, NS, "there-0", "bash", "-c", `timeout 2 bash -c '</dev/tcp/${safe}/${PORT + 1}'`),
    ).rejects.toThrow();
    await close();
    await silent(east, NS, "there-0", safe);
  });

  it("opens to the peers that it names, and nobody else", async () => {
    await open({ peers: ["north"] });
    await silent(east, NS, "there-0", safe);
    await answers(east, NS, "there-0", "all-here", /^here-/);
  });
});

describe("much at once", () => {
  for (const [from, to] of [
    ["here-0", "there-0.there"],
    ["there-0", "here-0.here"],
  ] as const)
    it(`${MIB} MiB from ${to} to ${from}, with the checksum of what was sent`, async () => {
      expect((await inPod(east, NS, from, "node", "-e", fetchAndCheck(to, MIB))).trim()).toBe(
        `${MIB * 2 ** 20} true`,
      );
    });

  it("1,000 connections at the same time carry what was sent on each of them", async () => {
    const script = `
      const net = require("node:net"); let open = 0, right = 0;
      const all = Array.from({ length: 1000 }, (_, i) => new Promise((resolve, reject) => {
        const word = Buffer.alloc(1024, String(i)), got = [];
        const s = net.connect({ host: "there-0.there", port: ${PORT + 1} });
        s.on("error", reject);
        s.on("connect", () => { s.write("E"); open++; resolve({ s, word, got }); });
      }));
      Promise.all(all).then(async (list) => {
        await Promise.all(list.map(({ s, word, got }) => new Promise((resolve) => {
          s.on("data", (b) => { got.push(b); if (Buffer.concat(got).length >= word.length) resolve(); });
          s.write(word);
        })));
        for (const { word, got } of list) if (Buffer.concat(got).equals(word)) right++;
        console.log(open, right); process.exit(0);
      }).catch((err) => { console.error(err.message); process.exit(1); });`;
    expect((await inPod(east, NS, "here-0", "node", "-e", script)).trim()).toBe("1000 1000");
  });
});

/** What constant load from a pod on east to those on west meets while something happens. */
const loaded = async (during: () => Promise<void>): Promise<LoadReport> => {
  const running = await load(east.cluster, NS, "here-0", { host: "all-there" });
  const [happened, report] = await Promise.allSettled([during()]).then(
    async ([outcome]) => [outcome, await running.stop()] as const,
  );
  if (happened.status === "rejected") throw happened.reason;
  return report;
};

describe("under load", () => {
  for (const s of [east, west])
    it(`a gateway of ${s.cluster.name} that is killed is replaced, and traffic flows again`, async () => {
      const peer = s === east ? "west" : "east";
      const seen = await loaded(async () => {
        const killed = await killGateway(s, peer);
        await until(async () => (await gatewayPod(s, peer)) !== killed, { what: "another gateway" });
        await connected(east, west);
        await answers(east, NS, "here-1", "all-there", /^there-/);
      });
      console.log(
        `gateway of ${s.cluster.name} killed: ${Math.round(seen.longestGapMs)} ms without an answer`,
      );
      expect(Object.keys(seen.who).length).toBeGreaterThan(0);
    });

  it("keys rotate without a failed request", async () => {
    const keys = async (): Promise<string> =>
      await east.cluster.kubectl(
        ...["-n", "tideway-peer-west", "get", "networkconfigs", "-o"],
        'jsonpath={range .items[*]}{.spec.keys[*].generation}{"\\n"}{end}',
      );
    const before = await keys();
    const newest = Math.max(...before.match(/\d+/g)!.map(Number));
    const seen = await loaded(async () => {
      await east.cluster.kubectl(
        ...["-n", "tideway-network", "annotate", "tunnelendpoint", "tunnel-west"],
        "networking.tideway.dev/rotate=now",
      );
      await until(
        async () =>
          (await keys())
            .trim()
            .split("\n")
            .every((l) => l.includes(String(newest + 1))),
        {
          what: "a newer key on both sides",
          explain: keys,
        },
      );
      await connected(east, west);
      await answers(east, NS, "there-0", "all-here", /^here-/);
    });
    expect(seen.failed).toEqual([]);
    expect(seen.sent).toBeGreaterThan(20);
  });

  it("a node that comes takes part, and one that goes takes nothing away", async () => {
    let added = "";
    const seen = await loaded(async () => {
      added = await east.cluster.addNode();
      try {
        await apply(east.cluster, probe({ name: "newcomer", namespace: NS, hostname: added }));
        await readyPod(east, NS, "newcomer");
        await answers(east, NS, "newcomer", "all-there", /^there-/);
        const ip = (await readyPod(east, NS, "newcomer")).status?.podIP ?? "";
        await answers(east, NS, "there-0", await seenFrom(east, west, ip), "newcomer");
      } finally {
        await east.cluster.removeNode(added);
      }
      await answers(east, NS, "there-0", "all-here", /^here-/);
    });
    expect(seen.failed).toEqual([]);
  });
});

describe("the end", () => {
  const nodesOf = (s: Side): Promise<string[][]> =>
    Promise.all(s.cluster.nodes.map((n) => remoteRoutes(s.cluster, n)));

  it("unpeering leaves no route to the peer on any node, and no tunnel in any gateway", async () => {
    await dropNamespace(NS);
    await ensureUnpeered();
    for (const s of [east, west]) {
      await until(async () => (await nodesOf(s)).flat().length === 0, {
        what: `no route of a peer left on ${s.cluster.name}`,
        explain: async () => (await nodesOf(s)).flat().join("\n"),
      });
      const gateways = await s.cluster.kubectl(
        ...["-n", "tideway-network", "get", "pods", "-l", "app.kubernetes.io/name=gateway", "-o", "name"],
      );
      for (const name of gateways.trim().split("\n"))
        await until(
          async () =>
            !/\btw-/.test(
              await s.cluster.kubectl("-n", "tideway-network", "exec", name, "--", "ip", "-o", "link"),
            ),
          { what: `no tunnel left in ${name} of ${s.cluster.name}` },
        );
    }
  });

  it("uninstalling leaves no device, rule, route or table on any node", async () => {
    try {
      await west.cluster.kubectl("-n", "tideway-network", "delete", "daemonset", "route-agent", "--wait");
      for (const node of west.cluster.nodes)
        await until(async () => (await traces(west.cluster, node)).length === 0, {
          what: `nothing of Tideway left on ${node}`,
          explain: async () => (await traces(west.cluster, node)).join("\n"),
        });
    } finally {
      await deployTideway(west.cluster);
    }
  });
});

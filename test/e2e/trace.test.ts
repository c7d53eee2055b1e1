import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, it } from "vitest";
import { until } from "@tideway/sandbox";
import { pods } from "@tideway/k8s";
import { placeOf, services, tideway } from "@tideway/platform";
import { east, ensurePeered, ensureUnpeered, type Side, west } from "./world.ts";

/** What a peering runs through; admission sees pods only. */
const EXPECTED = [
  ...["discovery", "auth", "negotiator", "replicator", "virtual-kubelet"].map((s) => `east/${s}`),
  ...["auth", "negotiator"].map((s) => `west/${s}`),
];

/** The part of OTLP's JSON that is looked at. */
interface Export {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: { traceId: string; name: string }[] }[];
  }[];
}

/** By trace ID: `cluster/service`, with the names of the spans that it made. */
const traces = new Map<string, Map<string, Set<string>>>();

const record = (cluster: string, { resourceSpans }: Export): void => {
  for (const { resource, scopeSpans } of resourceSpans) {
    const service = resource.attributes.find((a) => a.key === "service.name")?.value.stringValue ?? "?";
    for (const { traceId, name } of scopeSpans.flatMap((s) => s.spans)) {
      const trace = traces.get(traceId) ?? new Map<string, Set<string>>();
      traces.set(traceId, trace);
      const where = `${cluster}/${service}`;
      trace.set(where, (trace.get(where) ?? new Set()).add(name));
    }
  }
};

/** An OTLP collector; each cluster exports to a path of its own. */
const collect = async (req: IncomingMessage): Promise<void> => {
  const [, cluster = "?"] = (req.url ?? "").split("/");
  record(cluster, JSON.parse(await text(req)) as Export);
};
const collector = createServer((req, res) => {
  collect(req).then(
    () => res.writeHead(200, { "content-type": "application/json" }).end("{}"),
    (err: unknown) => res.writeHead(400).end(String(err)),
  );
});

/** The data path's agents take no part in a peering's trace. */
const deployments = services
  .filter((name) => placeOf(name).namespace === "tideway-system")
  .map((name) => `deployment/${name}`);
/** `kubectl set env` words: `NAME=value`, or `NAME-` to take it away. */
const setEnv = async ({ cluster, kube }: Side, word: string): Promise<void> => {
  await cluster.kubectl("-n", "tideway-system", "set", "env", ...deployments, word);
  await Promise.all(
    deployments.map((d) => cluster.kubectl("-n", "tideway-system", "rollout", "status", d, "--timeout=120s")),
  );
  // A replica that is going still serves its peers for some seconds, and exports nothing.
  await until(
    async () => {
      const all = await kube.list(pods, { namespace: "tideway-system" });
      return all.every((p) => p.metadata.deletionTimestamp === undefined);
    },
    { what: `the old replicas of ${cluster.name} gone` },
  );
};

const VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT";

beforeAll(async () => {
  await ensureUnpeered();
  await new Promise<void>((listening) => collector.listen(0, east.cluster.hostAddress, listening));
  const { port } = collector.address() as AddressInfo;
  await Promise.all(
    [east, west].map((s) =>
      setEnv(s, `${VARIABLE}=http://${s.cluster.hostAddress}:${port}/${s.cluster.name}`),
    ),
  );
});

afterAll(async () => {
  await Promise.all([east, west].map((s) => setEnv(s, `${VARIABLE}-`)));
  await ensureUnpeered();
  collector.closeAllConnections();
  await new Promise((closed) => collector.close(closed));
});

const seen = (): string =>
  [...traces]
    .map(
      ([id, trace]) =>
        `${id}: ${[...trace].map(([w, names]) => `${w} (${[...names].join(", ")})`).join("; ")}`,
    )
    .join("\n") || "no span at all";

/** Every service has its part in it, and those spans are there that are looked for by name: they come in batches. */
const isWhole = (trace: Map<string, Set<string>>): boolean =>
  EXPECTED.every((where) => trace.has(where)) &&
  trace.get("east/virtual-kubelet")!.has("virtual-node") &&
  [...trace.get("west/auth")!].some((name) => name.includes("auth.serve"));

it("follows one peering through all services of both clusters in one trace", async () => {
  await ensurePeered();
  const whole = await until(() => Promise.resolve([...traces].find(([, trace]) => isWhole(trace))), {
    what: `one trace of ${EXPECTED.join(", ")}`,
    explain: () => Promise.resolve(seen()),
  });
  const [id] = whole;
  // The facts that people follow carry the same trace.
  await until(async () => (await tideway(east.cluster, "events", "-o", "json")).includes(id), {
    what: "an event of that trace",
  });
});

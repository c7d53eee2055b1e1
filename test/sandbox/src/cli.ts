import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { binaries, buildBinaries } from "./binaries.ts";
import { attachCluster, startCluster } from "./cluster.ts";
import { daemonNames, isRunning } from "./daemon.ts";
import { sandboxesOf, stopCluster, stopSandbox } from "./down.ts";
import { checkout, clusterPlace, nodePlace, type Place, placeOf } from "./layout.ts";
import { readLan } from "./network.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { type Cni, type ClusterOptions, readRecord } from "./record.ts";

const usage = `Usage: sandbox <command> [options]
  up      --clusters east,west --nodes 1 --kwok 0 --cm-qps 500 --cm-burst 1000
          --cni east=flannel            default of the others: bridge
  down    [--clusters east] | [--all]   without either: this checkout's whole sandbox
  build                                 binaries and images only
  load-images [SERVICE...]              build service images and bring them onto every node
  load-apps [NAME...]                   nginx, redis, PostgreSQL, a Node front end, network tools, likewise
  ingress CLUSTER CLASS                 Contour and Envoy, serving Ingresses of the class
  exec CLUSTER -- COMMAND...            in the network namespace of the cluster's first node, with KUBECONFIG set
  status
Options of all: --name NAME (a sandbox of its own), --dir DIR (default .sandbox)
`;

const options = {
  clusters: { type: "string" },
  nodes: { type: "string", default: "1" },
  kwok: { type: "string", default: "0" },
  cni: { type: "string", default: "" },
  "cm-qps": { type: "string", default: "500" },
  "cm-burst": { type: "string", default: "1000" },
  name: { type: "string" },
  dir: { type: "string" },
  all: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  const [command, ...rest] = positionals;
  const place = placeOf({ dir: values.dir, sandbox: values.name });
  const names = values.clusters?.split(",").filter(Boolean);
  if (values.help) return print(usage);
  switch (command) {
    case "up":
      return up(names ?? ["east", "west"], (name) => ({
        name,
        nodes: positive(values.nodes),
        kwokNodes: Number(values.kwok),
        ...cniOf(name, values.cni),
        qps: positive(values["cm-qps"]),
        burst: positive(values["cm-burst"]),
        ...(values.dir ? { dir: values.dir } : {}),
        ...(values.name ? { sandbox: values.name } : {}),
      }));
    case "down":
      return down(place, names, values.all);
    case "build":
      return build();
    case "load-images":
      return loadImages(place, rest);
    case "load-apps":
      return loadApps(place, rest);
    case "ingress":
      return ingress(place, rest);
    case "exec":
      return exec(place, rest);
    case "status":
      return status(place);
    default:
      process.stderr.write(usage);
      return 2;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function positive(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new Error(`not a positive whole number: ${text}`);
  return n;
}

function cniOf(cluster: string, text: string): { cni?: Cni } {
  const pairs = text.split(",").filter(Boolean);
  const known = pairs.map((p) => p.split("=", 2) as [string, Cni | undefined]);
  const wrong = known.find(([, cni]) => cni !== "bridge" && cni !== "flannel");
  if (wrong) throw new Error(`--cni CLUSTER=bridge or CLUSTER=flannel, not ${wrong.join("=")}`);
  const cni = known.find(([name]) => name === cluster)?.[1];
  return cni ? { cni } : {};
}

function timer(): (step: string) => void {
  const start = performance.now();
  return (step) => print(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${step}\n`);
}

async function up(names: string[], optionsOf: (name: string) => ClusterOptions): Promise<number> {
  const step = timer();
  await Promise.all(names.map((n) => startCluster({ ...optionsOf(n), report: (s) => step(`${n}: ${s}`) })));
  step("up");
  return 0;
}

async function down(place: Place, names: string[] | undefined, all: boolean): Promise<number> {
  const step = timer();
  if (names) await Promise.all(names.map((n) => stopCluster(clusterPlace(place, n))));
  else await stopSandbox(place);
  if (all) for (const other of sandboxesOf(checkout)) await stopSandbox(other);
  step("down");
  return 0;
}

async function build(): Promise<number> {
  const step = timer();
  await ensurePrerequisites(step);
  await buildBinaries(step);
  const { baseImage, workloadImage, natsImage, corednsImage, pauseImage } =
    await import("./images/system.ts");
  for (const image of [pauseImage, corednsImage, natsImage, baseImage, workloadImage])
    step(`image ${(await image()).name}`);
  return 0;
}

async function loadImages(place: Place, services: string[]): Promise<number> {
  const step = timer();
  const { buildImages, loadImages: load } = await import("./images/services.ts");
  const images = await buildImages(services);
  step(`built ${images.map((i) => i.name).join(" ")}`);
  await Promise.all(
    clustersOf(place).map(async (c) =>
      step(
        `${c}: loaded ${(await load({ name: c, kubeconfig: clusterPlace(place, c).kubeconfig }, images)).join(" ") || "nothing new"}`,
      ),
    ),
  );
  return 0;
}

async function loadApps(place: Place, wanted: string[]): Promise<number> {
  const step = timer();
  const { appImageNames, loadAppImages } = await import("./images/app.ts");
  const unknown = wanted.filter((w) => !appImageNames.some((n) => n === w));
  if (unknown.length > 0) throw new Error(`not ${unknown.join(" ")}; there are ${appImageNames.join(" ")}`);
  const names = wanted.length > 0 ? appImageNames.filter((n) => wanted.includes(n)) : appImageNames;
  for (const c of clustersOf(place)) {
    const { kubeconfig } = clusterPlace(place, c);
    const loaded = await loadAppImages({ name: c, kubeconfig }, names);
    step(`${c}: loaded ${loaded.join(" ") || "nothing new"}`);
  }
  return 0;
}

async function ingress(place: Place, [name, className]: string[]): Promise<number> {
  const step = timer();
  if (!name || !className) throw new Error("ingress CLUSTER CLASS");
  const { startIngress } = await import("./contour.ts");
  const cluster = await attachCluster(name, place.dir);
  await startIngress(cluster, { className });
  step(`${name}: Ingresses of class ${className} are served at http://${cluster.nodeAddress}`);
  return 0;
}

const clustersOf = (place: Place): string[] => {
  const dir = join(place.dir, "state");
  return existsSync(dir) ? readdirSync(dir).filter((n) => existsSync(join(dir, n, "cluster.json"))) : [];
};

async function exec(place: Place, [cluster, command, ...args]: string[]): Promise<number> {
  const lan = readLan(place);
  if (!cluster || !command || !lan) throw new Error("exec CLUSTER -- COMMAND, and the sandbox has to be up");
  const p = clusterPlace(place, cluster);
  const node = nodePlace(p, lan, 0);
  const path = `${(await binaries.kube("kubectl")).replace(/\/kubectl$/, "")}:${process.env["PATH"] ?? ""}`;
  const child = spawn("nsenter", [`--net=/run/netns/${node.netns}`, command, ...args], {
    stdio: "inherit",
    env: { ...process.env, KUBECONFIG: p.kubeconfig, PATH: path },
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

function status(place: Place): number {
  const clusters = clustersOf(place);
  if (clusters.length === 0) return print("down\n");
  for (const c of clusters) {
    const p = clusterPlace(place, c);
    print(`${c}  nodes ${readRecord(p).nodes.length}  ${p.kubeconfig}\n`);
    for (const name of daemonNames(p.pids))
      print(`  ${isRunning({ name, pidDir: p.pids }) ? "runs" : "DEAD"}  ${name}\n`);
  }
  return 0;
}

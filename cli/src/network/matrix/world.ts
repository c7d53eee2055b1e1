import { type Pod, pods, services } from "@tideway/k8s";
import type { PeerAccess } from "../peer-access.ts";
import { gatewaySeenAt, listTestNodes, seenAt, type TestNode, type Tunnel } from "../tunnel.ts";
import { serviceNames } from "./manifests.ts";
import type { Role, Service, Side, Spot, World } from "./plan.ts";
import { HTTP_PORT } from "./scripts.ts";
import { makeNamespace, makePod, makeServices, offload, ready, type Stage } from "./stage.ts";

export interface Built {
  spots: (Spot & { node?: string; stage: Stage })[];
  world: World;
  notes: string[];
}

export interface Wish {
  home: Stage["kube"];
  tunnel: Tunnel;
  access: PeerAccess | undefined;
  image: string;
  /** Name of the namespace; the others begin with it. */
  run: string;
  /** Stages are pushed here as soon as they stand, so that they are taken down whatever happens. */
  stages: Stage[];
  bodyBytes: number;
  pingBytes: number;
  signal: AbortSignal;
  note: (text: string) => void;
}

type Placed = Built["spots"][number];

/** Makes everything a run needs in both clusters and waits until it is Ready. */
export const build = async (w: Wish): Promise<Built> => {
  const { signal, tunnel, access } = w;
  const notes: string[] = [];
  const stageIn = async (kube: Stage["kube"], name: string): Promise<Stage> => {
    const stage = await makeNamespace(kube, name, signal);
    w.stages.push(stage);
    return stage;
  };
  const [main, outside, ours, theirs] = await Promise.all([
    stageIn(w.home, w.run),
    stageIn(w.home, `${w.run}-stranger`),
    listTestNodes(w.home, tunnel.node, signal),
    access ? listTestNodes(access.kube, access.gatewayNode, signal) : undefined,
  ]);
  if (!ours.some((n) => n.role === "other"))
    notes.push("another node here than the gateway's: there is none");
  if (!ours.some((n) => n.role === "gateway"))
    notes.push("the gateway's node here: it is not known, or not Ready");
  const [twin, nodePorts] = await Promise.all([
    offload(main, tunnel.peer, signal),
    makeServices(main, signal),
  ]);
  const local = ours.flatMap((n) => [
    place(w, main, n, "pod", `ours-${n.role}`),
    place(w, main, n, "node", `ours-${n.role}-node`),
  ]);
  const stranger = ours.at(-1);
  const groups = await Promise.all([
    Promise.all(local),
    stranger ? place(w, outside, stranger, "stranger", "ours-stranger").then((s) => [s]) : [],
    access ? spread(w, main, twin, access, theirs ?? [], notes) : guess(w, main, notes),
    access ? strangersThere(w, access, theirs ?? [], stageIn) : [],
  ]);
  const spots = groups.flat();
  return { spots, notes, world: await describe(w, spots, ours, theirs ?? [], twin, nodePorts, notes) };
};

const sideOf = (name: string): Side => (name.startsWith("ours") ? "ours" : "theirs");

const place = async (
  w: Wish,
  stage: Stage,
  n: TestNode,
  kind: Spot["kind"],
  name: string,
): Promise<Placed> => {
  const label = kind === "pod" ? sideOf(name) : "stranger";
  const host = kind === "node" ? { host: true } : {};
  await makePod(stage, { name, image: w.image, side: label, hostname: n.hostname, ...host }, w.signal);
  return spot(w, stage, kind, n.role, await ready(stage, name, w.signal, w.note), n.name);
};

const spot = (w: Wish, stage: Stage, kind: Spot["kind"], role: Role, pod: Pod, node?: string): Placed => {
  const name = pod.metadata.name;
  const side = sideOf(name);
  const address = pod.status?.podIP ?? "";
  const { local, remote } = w.tunnel.endpoint.spec;
  // Of a pod that we placed there the API tells us the address that we see.
  const seen =
    kind === "node"
      ? undefined
      : side === "ours"
        ? seenAt(address, local)
        : kind === "pod"
          ? address
          : seenAt(address, remote);
  return {
    id: name.replace("-", "/").replace("-node", "/node"),
    side,
    role,
    kind,
    namespace: stage.namespace,
    pod: name,
    address,
    stage,
    ...(seen ? { seen } : {}),
    ...(node ? { node } : {}),
  };
};

/** Pods there, without knowing what nodes they are on. */
const guess = async (w: Wish, main: Stage, notes: string[]): Promise<Placed[]> => {
  notes.push("which node of the peer is which: --peer-kubeconfig or --peer-context would tell");
  const make = async (name: string): Promise<Placed> => {
    await makePod(main, { name, image: w.image, side: "theirs", hostname: w.tunnel.peer }, w.signal);
    return spot(w, main, "pod", "unknown", await ready(main, name, w.signal, w.note));
  };
  return await Promise.all(["theirs-1", "theirs-2"].map(make));
};

/** The peer's scheduler chooses: pods one after another until each kind of node has one; what is too many goes. */
const MAX_TRIES = 8;
const spread = async (
  w: Wish,
  main: Stage,
  twin: string,
  access: PeerAccess,
  nodes: TestNode[],
  notes: string[],
): Promise<Placed[]> => {
  const found = new Map<Role, Placed>();
  const surplus: string[] = [];
  for (let i = 1; i <= MAX_TRIES && found.size < nodes.length; i++) {
    const name = `theirs-${i}`;
    await makePod(main, { name, image: w.image, side: "theirs", hostname: w.tunnel.peer }, w.signal);
    const seen = await ready(main, name, w.signal, w.note);
    const there = await access.kube.get(pods, name, twin, { signal: w.signal });
    const node = there.spec?.nodeName ?? "";
    const role = node === access.gatewayNode ? "gateway" : "other";
    if (found.has(role)) surplus.push(name);
    else found.set(role, { ...spot(w, main, "pod", role, seen, node), id: `theirs/${role}` });
  }
  for (const name of surplus)
    await main.kube.delete(pods, name, main.namespace, { gracePeriodSeconds: 0, signal: w.signal });
  for (const { role } of nodes.filter((n) => !found.has(n.role)))
    notes.push(`a pod on the peer's ${role} node: its scheduler put ${MAX_TRIES} pods elsewhere`);
  return [...found.values()];
};

/** What the peer runs itself: a pod that nobody lent us, and one in the network of a node. */
const strangersThere = async (
  w: Wish,
  access: PeerAccess,
  nodes: TestNode[],
  stageIn: (kube: Stage["kube"], name: string) => Promise<Stage>,
): Promise<Placed[]> => {
  const at = nodes.at(-1);
  if (!at) return [];
  const stage = await stageIn(access.kube, `${w.run}-stranger`);
  return await Promise.all([
    place(w, stage, at, "stranger", "theirs-stranger"),
    place(w, stage, at, "node", `theirs-${at.role}-node`),
  ]);
};

const describe = async (
  w: Wish,
  spots: Placed[],
  ours: TestNode[],
  theirs: TestNode[],
  twin: string,
  nodePorts: Map<string, number>,
  notes: string[],
): Promise<World> => {
  const of = (side: Side): number => spots.filter((s) => s.side === side && s.kind === "pod").length;
  const each = (name: "plain" | "headless"): Service[] =>
    (["ours", "theirs"] as const).map((side) => ({
      name: serviceNames(side)[name],
      side,
      endpoints: of(side),
    }));
  const at = (side: Side, nodes: TestNode[], port: number | undefined): World["nodePorts"][number][] =>
    port ? nodes.map((n) => ({ side, role: n.role, address: n.address, port })) : [];
  let there: number | undefined;
  if (w.access) {
    const name = serviceNames("ours").nodePort;
    const reflected = await w.access.kube.find(services, name, twin, { signal: w.signal });
    there = reflected?.spec?.ports?.[0]?.nodePort;
    if (there === undefined) notes.push("node ports of the peer: it gives none to reflected Services");
  }
  const gateways = {
    ours: gatewaySeenAt(w.tunnel.endpoint.spec.local),
    theirs: gatewaySeenAt(w.tunnel.endpoint.spec.remote),
  };
  return {
    spots,
    services: each("plain"),
    headless: each("headless"),
    nodePorts: [
      ...at("ours", ours, nodePorts.get(serviceNames("theirs").nodePort)),
      ...at("theirs", theirs, there),
    ],
    gateways: {
      ...(gateways.ours ? { ours: gateways.ours } : {}),
      ...(gateways.theirs ? { theirs: gateways.theirs } : {}),
    },
    port: HTTP_PORT,
    bodyBytes: w.bodyBytes,
    pingBytes: w.pingBytes,
  };
};

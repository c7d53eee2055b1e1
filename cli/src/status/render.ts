import { findCondition, SYSTEM_NAMESPACE } from "@tideway/api";
import { formatAge } from "../duration.ts";
import type { Paint } from "../io.ts";
import { renderTable } from "../output.ts";
import { hintFor } from "../peering/reasons.ts";
import { formatQuantity, parseQuantity } from "../quantity.ts";
import type { Capacity, NodeStatus, PeerStatus, ServiceStatus, StatusReport } from "./model.ts";

export interface Look {
  paint: Paint;
  now: number;
  wide: boolean;
}

export const renderStatus = (r: StatusReport, look: Look): string =>
  [cluster(r, look), peers(r.peers, look), offloaded(r, look), problems(r, look)]
    .filter((s) => s !== "")
    .join("\n\n");

const facts = (rows: [string, string | undefined][]): string =>
  rows
    .filter(([, value]) => value)
    .map(([name, value]) => `  ${name.padEnd(12)} ${value ?? ""}`)
    .join("\n");

const cluster = ({ cluster: c, services }: StatusReport, look: Look): string =>
  `${look.paint("bold", `Cluster ${c.name || "(no name: ConfigMap tideway-cluster is missing)"}`)}\n${facts([
    ["id", c.id],
    ["api server", c.apiServer],
    ["auth", c.authEndpoint],
    ["services", describeServices(services, look)],
  ])}`;

/** One line when all is well, else which service is not. */
const describeServices = (services: ServiceStatus[], { paint, wide }: Look): string => {
  if (services.length === 0) return paint("red", `none found in ${SYSTEM_NAMESPACE}`);
  const each = (list: ServiceStatus[]): string =>
    list.map((s) => `${s.name} ${s.ready}/${s.desired}${s.message ? ` (${s.message})` : ""}`).join(", ");
  const bad = services.filter((s) => s.ready < s.desired);
  const sum = `${services.length - bad.length} of ${services.length} ready`;
  if (bad.length > 0) return `${paint("red", sum)}: ${each(bad)}`;
  return `${paint("green", sum)}${wide ? `: ${each(services)}` : ""}`;
};

/** What a peer is to this cluster, in a word and why. */
export const stateOf = (p: PeerStatus): { word: string; why: string; good: boolean } => {
  if (p.unpeering) return { word: "Unpeering", why: firstOpen(p), good: false };
  const ready = findCondition(p.conditions, "Ready");
  if (ready?.status === "True") return { word: "Ready", why: "", good: true };
  if (p.outgoing !== "Yes") return { word: p.isTenant ? "Consumer" : "Known", why: "", good: true };
  return { word: ready?.reason ?? "Waiting", why: firstOpen(p), good: false };
};

const ORDER = ["Reachable", "Authenticated", "Negotiated", "Replicated", "Virtualised", "Ready", "Connected"];

const firstOpen = (p: PeerStatus): string => {
  const open = ORDER.filter((type) => type !== "Connected")
    .map((type) => findCondition(p.conditions, type))
    .find((c) => c && c.status !== "True");
  return open ? `${open.type}: ${open.reason}: ${open.message}` : "";
};

/** Whether packets cross: the condition Connected in a word; empty where there is no network fabric. */
export const networkOf = (p: PeerStatus): { word: string; why: string; good: boolean } => {
  const c = findCondition(p.conditions, "Connected");
  if (!c) return { word: "", why: "", good: true };
  if (c.status === "True") return { word: "Connected", why: "", good: true };
  const word = c.status === "Unknown" ? "Connecting" : "Disconnected";
  return { word, why: `${c.reason}: ${c.message}`, good: false };
};

/** `0.5/4`: reserved of offered. */
const share = (c: Capacity | undefined, resource: string): string => {
  if (!c) return "";
  const used = resource === "pods" ? c.pods : parseQuantity(c.used[resource] ?? "0");
  const offered = c.offered[resource];
  return `${formatQuantity(resource, used)}/${offered === undefined ? "-" : formatQuantity(resource, parseQuantity(offered))}`;
};

/** Below its peer. */
const nodeRow = (n: NodeStatus, paint: Paint): string[] => {
  const state = n.ready !== "True" ? n.reason || "NotReady" : n.cordoned ? "Cordoned" : "Ready";
  return [
    `  ${n.name}`,
    paint(state === "Ready" ? "green" : "yellow", state),
    "",
    "",
    ...["cpu", "memory", "pods"].map((r) => share(n.borrowed, r)),
  ];
};

const peers = (list: PeerStatus[], { paint, now, wide }: Look): string => {
  if (list.length === 0)
    return "no peers; to use another cluster, run `tideway invite` there and `tideway peer` here";
  const head = [
    "PEER",
    "STATE",
    "NETWORK",
    "USED-HERE",
    "CPU",
    "MEMORY",
    "PODS",
    "LENT-CPU",
    "LENT-MEMORY",
    "LENT-PODS",
    "AGE",
  ];
  const rows = list.flatMap((p) => {
    const { word, good } = stateOf(p);
    const network = networkOf(p);
    const bad = p.nodes.find((n) => n.ready !== "True");
    const node = bad ? ` (node ${bad.reason || "not ready"})` : "";
    const amounts = [p.borrowed, p.lent].flatMap((c) => ["cpu", "memory", "pods"].map((r) => share(c, r)));
    const more = wide ? [p.clusterID, p.authEndpoint, p.identityNotAfter] : [];
    const one = [
      p.name,
      paint(good ? "green" : "yellow", word) + node,
      network.word === "" ? "" : paint(network.good ? "green" : "yellow", network.word),
      p.outgoing,
      ...amounts,
      formatAge(p.createdAt, now),
      ...more,
    ];
    // One node has the peer's name and its amounts: nothing is left to say of it.
    const isPlain = p.nodes.length < 2 && p.nodes.every((n) => n.pool === "");
    return isPlain ? [one] : [one, ...p.nodes.map((n) => nodeRow(n, paint))];
  });
  const why = list.flatMap((p) => {
    const { why: network } = networkOf(p);
    const said = stateOf(p).why;
    // a peering that does not stand yet has a first reason, and the network is not it
    const all = said !== "" ? [said] : network !== "" ? [`Connected: ${network}`] : [];
    return all.map((w) => `  ${p.name}: ${w}`);
  });
  return [renderTable([...head, ...(wide ? ["ID", "AUTH", "IDENTITY-UNTIL"] : [])], rows), ...why].join("\n");
};

const offloaded = ({ namespaces }: StatusReport, { paint }: Look): string => {
  if (namespaces.length === 0) return "";
  const where = (n: StatusReport["namespaces"][number]): string =>
    n.peers.map((t) => `${t.peer}: ${t.ready ? t.twin : t.message || "not ready"}`).join(", ") || n.message;
  return renderTable(
    ["NAMESPACE", "STRATEGY", "READY", "WHERE"],
    namespaces.map((n) => [
      n.namespace,
      n.strategy,
      paint(n.ready === "True" ? "green" : "yellow", n.ready),
      where(n),
    ]),
  );
};

const problems = (r: StatusReport, { paint }: Look): string =>
  r.problems.map((p) => `${paint("yellow", "not readable:")} ${p}`).join("\n");

export const renderPeer = (p: PeerStatus, look: Look): string => {
  const { word, good } = stateOf(p);
  const head = `${look.paint("bold", `Peer ${p.name}`)} (${p.clusterName}): ${look.paint(good ? "green" : "yellow", word)}\n${facts(
    [
      ["id", p.clusterID],
      ["auth", p.authEndpoint],
      ["api server", p.apiServer],
      ["used here", p.outgoing],
      ["may use us", p.revoked ? `revoked: ${p.revoked}` : `${p.incoming}${p.isTenant ? ", and does" : ""}`],
      ["namespace", p.peerNamespace && `${p.peerNamespace}, of what we ask`],
      ["its namespace", p.tenantNamespace && `${p.tenantNamespace}, of what it asks`],
      ["identity", p.identityNotAfter && `until ${p.identityNotAfter}`],
      ["network", networkOf(p).word + (networkOf(p).why && `: ${networkOf(p).why}`)],
      ...p.nodes.map((n): [string, string] => [
        "node",
        `${n.name}: ${n.ready === "True" ? "Ready" : `not ready: ${n.reason}: ${n.message}`}${n.cordoned ? ", cordoned" : ""}`,
      ]),
    ],
  )}`;
  return [head, conditions(p, look), capacity("BORROWED", p.borrowed), lent(p), twins(p)]
    .filter((s) => s !== "")
    .join("\n\n");
};

const conditions = (p: PeerStatus, { paint, now }: Look): string => {
  if (p.conditions.length === 0) return "no service has said anything about this peer yet";
  const known = [...p.conditions].sort((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));
  const table = renderTable(
    ["CONDITION", "STATUS", "REASON", "FOR", "MESSAGE"],
    known.map((c) => [
      c.type,
      paint(c.status === "True" ? "green" : "yellow", c.status),
      c.reason,
      formatAge(c.lastTransitionTime, now),
      c.message,
    ]),
  );
  const hints = known
    .flatMap((c) => (c.status === "True" ? [] : [hintFor(c.reason)]))
    .filter((h) => h !== undefined);
  return [table, ...new Set(hints.map((h) => `next: ${h}`))].join("\n");
};

const capacity = (title: string, c: Capacity | undefined): string => {
  if (!c) return "";
  const names = [...new Set([...Object.keys(c.offered), ...Object.keys(c.used)])]
    .filter((n) => n !== "pods")
    .sort();
  return renderTable(
    [title, "USED", "OFFERED"],
    [...names.map((n) => [n, c.used[n] ?? "0", c.offered[n]]), ["pods", c.pods, c.offered.pods]],
  );
};

const lent = (p: PeerStatus): string => {
  if (!p.lent) return "";
  const said = [p.lent.decision, p.lent.reason].filter(Boolean).join(": ");
  return [capacity("LENT", p.lent), ...(said ? [`its request: ${said}`] : [])].join("\n");
};

const twins = (p: PeerStatus): string =>
  p.namespaces.length === 0
    ? ""
    : renderTable(
        ["NAMESPACE", "TWIN", "READY", "MESSAGE"],
        p.namespaces.map((n) => [n.namespace, n.twin, String(n.ready), n.message]),
      );

/** The matrix: which cells there are and what is expected of each. Pure; what a cell finds is in report.ts. */

export type Side = "ours" | "theirs";
/** Where a source or target runs: on the node of the gateway, on another one, or nobody told us which. */
export type Role = "gateway" | "other" | "unknown";

export interface Spot {
  /** `ours/gateway`, `ours/other/node`, `theirs/gateway`, `ours/stranger`. */
  id: string;
  side: Side;
  role: Role;
  /**
   * A pod of the offloaded namespace (on their side: one that we placed there); a pod in the host's network; a pod of a
   * namespace of its cluster that is not offloaded.
   */
  kind: "pod" | "node" | "stranger";
  namespace: string;
  pod: string;
  /** As its own cluster sees it; of a pod that we placed there: as we see it. */
  address: string;
  /** As the other side sees it; undefined where it has no address over there. */
  seen?: string;
}

export interface Service {
  name: string;
  /** Where its endpoints run. */
  side: Side;
  endpoints: number;
}

export interface World {
  spots: readonly Spot[];
  services: readonly Service[];
  headless: readonly Service[];
  /** Addresses of nodes with a NodePort whose endpoints are on the other side. */
  nodePorts: readonly { side: Side; role: Role; address: string; port: number }[];
  /** The gateways' own addresses in the fabric, as the other side sees them. */
  gateways: { ours?: string; theirs?: string };
  port: number;
  /** Bytes of the large body. */
  bodyBytes: number;
  /** Payload of the large ping. */
  pingBytes: number;
}

export type CellKind =
  | "pod-pod"
  | "pod-service"
  | "pod-headless"
  | "node-pod"
  | "node-service"
  | "nodeport"
  | "control"
  | "denied";
export type Check = "http" | "body" | "ping" | "names";

export interface Cell {
  id: string;
  kind: CellKind;
  /** Id of a spot. */
  from: string;
  /** A spot, service or address, in words. */
  to: string;
  check: Check;
  host: string;
  port: number;
  /** Of the body or the ping. */
  bytes?: number;
  /** Addresses that a name must have. */
  count?: number;
  timeoutMs: number;
  expect: "pass" | "blocked";
  /** Why it is to be blocked. */
  why?: string;
}

const PASS_TIMEOUT_MS = 5_000;
const BLOCKED_TIMEOUT_MS = 2_000;

/** Every cell, in the order of the table. Blocked ones come last: they are asked once all else passes. */
export const plan = (w: World): Cell[] =>
  [...across(w), ...byService(w), ...byNodePort(w), ...denied(w)].map((c, i) => ({
    ...c,
    id: `${String(i + 1).padStart(3, "0")} ${c.kind} ${c.check} ${c.from} -> ${c.to}`,
  }));

type Draft = Omit<Cell, "id">;

const pods = (w: World, side: Side): Spot[] => w.spots.filter((s) => s.side === side && s.kind === "pod");
const nodes = (w: World, side: Side): Spot[] => w.spots.filter((s) => s.side === side && s.kind === "node");
const strangers = (w: World, side: Side): Spot[] =>
  w.spots.filter((s) => s.side === side && s.kind === "stranger");

/** Where `from` finds `to`: pods that we placed there are known by the address that we see. */
export const addressFor = (from: Spot, to: Spot): string | undefined =>
  from.side === to.side ? (to.side === "theirs" && to.kind === "pod" ? undefined : to.address) : to.seen;

const passing = (w: World, kind: CellKind, from: Spot, to: string, host: string): Draft[] => {
  const base = {
    kind,
    from: from.id,
    to,
    host,
    port: w.port,
    timeoutMs: PASS_TIMEOUT_MS,
    expect: "pass",
  } as const;
  return [
    { ...base, check: "http" },
    { ...base, check: "body", bytes: w.bodyBytes },
    { ...base, check: "ping", bytes: w.pingBytes },
  ];
};

/** Pods to pods both ways, and what else of ours may call what we placed there. */
const across = (w: World): Draft[] => {
  const drafts: Draft[] = [];
  const each = (kind: CellKind, froms: Spot[], tos: Spot[]): void => {
    for (const from of froms)
      for (const to of tos) {
        const host = addressFor(from, to);
        if (host !== undefined) drafts.push(...passing(w, kind, from, to.id, host));
      }
  };
  each("pod-pod", pods(w, "ours"), pods(w, "theirs"));
  each("pod-pod", pods(w, "theirs"), pods(w, "ours"));
  each("node-pod", nodes(w, "ours"), pods(w, "theirs"));
  each("pod-pod", strangers(w, "ours"), pods(w, "theirs"));
  return drafts;
};

/** Each side asks for the Services whose endpoints are on the other one, by name. */
const byService = (w: World): Draft[] => {
  const drafts: Draft[] = [];
  for (const from of w.spots.filter((s) => s.kind === "pod")) {
    const base = {
      from: from.id,
      port: w.port,
      timeoutMs: PASS_TIMEOUT_MS,
      expect: "pass",
    } as const;
    for (const s of w.services.filter((x) => x.side !== from.side)) {
      const to = { ...base, kind: "pod-service", to: `service ${s.name}`, host: s.name } as const;
      drafts.push({ ...to, check: "http" }, { ...to, check: "body", bytes: w.bodyBytes });
    }
    for (const s of w.headless.filter((x) => x.side !== from.side))
      drafts.push({
        ...base,
        kind: "pod-headless",
        to: `headless ${s.name}`,
        host: s.name,
        check: "names",
        count: s.endpoints,
      });
  }
  return drafts;
};

/** A NodePort is asked at its own side's nodes, from nodes and pods there. */
const byNodePort = (w: World): Draft[] =>
  w.nodePorts.flatMap((np) =>
    [...nodes(w, np.side), ...pods(w, np.side)].flatMap((from): Draft[] => {
      const base = {
        kind: "nodeport",
        from: from.id,
        to: `${np.side}/${np.role} node port ${np.port}`,
        host: np.address,
        port: np.port,
        timeoutMs: PASS_TIMEOUT_MS,
        expect: "pass",
      } as const;
      return [
        { ...base, check: "http" },
        { ...base, check: "body", bytes: w.bodyBytes },
      ];
    }),
  );

/** What nobody has opened. Each target is proven alive first (`control`), else silence would prove nothing. */
const denied = (w: World): Draft[] => {
  const drafts: Draft[] = [];
  const blocked = (from: Spot, to: string, host: string | undefined, why: string): void => {
    if (host === undefined) return;
    drafts.push({
      kind: "denied",
      from: from.id,
      to,
      check: "http",
      host,
      port: w.port,
      timeoutMs: BLOCKED_TIMEOUT_MS,
      expect: "blocked",
      why,
    });
  };
  const control = (from: Spot | undefined, to: Spot): void => {
    if (!from) return;
    const host = addressFor(from, to);
    if (host !== undefined) drafts.push(...passing(w, "control", from, to.id, host).slice(0, 1));
  };
  for (const to of strangers(w, "ours")) {
    control(pods(w, "ours")[0], to);
    for (const from of pods(w, "theirs"))
      blocked(from, to.id, addressFor(from, to), "its namespace is not offloaded");
  }
  for (const to of strangers(w, "theirs")) {
    control(nodes(w, "theirs")[0], to);
    for (const from of pods(w, "ours"))
      blocked(from, to.id, addressFor(from, to), "we did not place it there");
  }
  for (const from of [...strangers(w, "theirs"), ...nodes(w, "theirs")])
    for (const to of pods(w, "ours"))
      blocked(from, to.id, addressFor(from, to), "only pods that we placed may call us");
  for (const from of pods(w, "theirs"))
    blocked(from, "our gateway itself", w.gateways.ours, "a gateway serves nothing to a peer");
  for (const from of pods(w, "ours"))
    blocked(from, "their gateway itself", w.gateways.theirs, "a gateway serves nothing to a peer");
  return drafts;
};

/** Cells that pass come before the blocked ones, which say nothing until the network stands. */
export const phases = (cells: readonly Cell[]): [Cell[], Cell[]] => [
  cells.filter((c) => c.expect === "pass"),
  cells.filter((c) => c.expect === "blocked"),
];

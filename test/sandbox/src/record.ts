import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ClusterPlace, type Lan, type NodePlace, nodePlace } from "./layout.ts";

/** How pods of different nodes reach each other: routes between the nodes, or flannel's VXLAN. */
export type Cni = "bridge" | "flannel";

export interface ClusterOptions {
  /** Name of a sandbox of its own, beside the checkout's default one. */
  sandbox?: string;
  name: string;
  /** Real nodes with a kubelet; default 1, at most 15. */
  nodes?: number;
  /** Default "bridge"; fixed for the life of the cluster. */
  cni?: Cni;
  /** Simulated nodes (label `type=kwok`, tainted); default 0. */
  kwokNodes?: number;
  /** Added at the end of the controller-manager's command line. */
  controllerManagerFlags?: string[];
  /** Requests a second of controller-manager and scheduler; default 500, burst 1000. */
  qps?: number;
  burst?: number;
  /** Default true. */
  audit?: boolean;
  /** Default `.sandbox` of the checkout. */
  dir?: string;
  /** Called at each step. */
  report?: (step: string) => void;
}

/** What attachCluster needs to know; written before the first process starts. */
export interface ClusterRecord {
  options: ClusterOptions;
  /** Indices of the real nodes, ascending; 0, which carries the control plane, is always there. */
  nodes: number[];
}

export const MAX_NODES = 15;

const recordFile = (p: ClusterPlace): string => join(p.state, "cluster.json");

export const hasRecord = (p: ClusterPlace): boolean => existsSync(recordFile(p));

export function readRecord(p: ClusterPlace): ClusterRecord {
  if (!hasRecord(p)) throw new Error(`no cluster ${p.cluster} in ${p.dir}; start it with \`sandbox up\``);
  return JSON.parse(readFileSync(recordFile(p), "utf8")) as ClusterRecord;
}

export function writeRecord(p: ClusterPlace, record: ClusterRecord): void {
  writeFileSync(`${recordFile(p)}.new`, JSON.stringify(record, null, 2));
  renameSync(`${recordFile(p)}.new`, recordFile(p));
}

export const nodesOf = (p: ClusterPlace, lan: Lan): NodePlace[] =>
  readRecord(p).nodes.map((i) => nodePlace(p, lan, i));

/** The known indices, and the lowest free ones on top of them until there are `count`. */
export function indicesFor(count: number, known: readonly number[]): number[] {
  const all = [...known];
  for (let i = 0; all.length < count; i++) {
    if (i >= MAX_NODES) throw new Error(`a cluster has at most ${MAX_NODES} real nodes`);
    if (!all.includes(i)) all.push(i);
  }
  return all.sort((a, b) => a - b);
}

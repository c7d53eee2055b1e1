import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { Cluster } from "@tideway/sandbox";
import { clusterPlace, type NodePlace, nodePlace, placeOf } from "../../sandbox/src/layout.ts";
import { readLan } from "../../sandbox/src/network.ts";

const exec = promisify(execFile);

/** A node of the sandbox: its address and its network namespace. */
export const nodeCalled = (c: Cluster, node: string): NodePlace => {
  const dir = dirname(c.kubeconfig);
  const p = clusterPlace(placeOf({ dir }), c.name);
  const lan = readLan(p);
  if (!lan) throw new Error(`the sandbox of ${dir} is down`);
  return nodePlace(p, lan, Number(node.slice(node.lastIndexOf("-") + 1)));
};

/** The words before a command that make it run in the network namespace of a node. */
export const entering = (c: Cluster, node: string): [string, string] => [
  "nsenter",
  `--net=/run/netns/${nodeCalled(c, node).netns}`,
];

export const inNode = async (c: Cluster, node: string, ...command: string[]): Promise<string> => {
  const [enter, netns] = entering(c, node);
  return (await exec(enter, [netns, ...command])).stdout;
};

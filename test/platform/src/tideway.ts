import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Cluster } from "@tideway/sandbox";
import { checkout } from "./deploy.ts";

const exec = promisify(execFile);

/** Runs the CLI against a cluster and gives its standard output. */
export const tideway = async (cluster: Cluster, ...args: string[]): Promise<string> => {
  const { stdout } = await exec(
    join(checkout, "bin/tideway"),
    ["--kubeconfig", cluster.kubeconfig, ...args],
    {
      maxBuffer: 64 << 20,
    },
  );
  return stdout;
};

/**
 * Peers two clusters as a person would: an invitation from the provider, taken by the consumer. The same invitation
 * carries it through a crash of an API server, after which a cluster signs nothing until its controllers are back.
 */
export const peer = async (consumer: Cluster, provider: Cluster): Promise<void> => {
  const invitation = (await tideway(provider, "invite")).trim().split("\n").at(-1)!;
  await tideway(consumer, "peer", invitation, "--wait", "--timeout", "120s");
};

export const unpeer = (consumer: Cluster, provider: Cluster): Promise<string> =>
  tideway(consumer, "unpeer", provider.name, "--wait", "--timeout", "60s");

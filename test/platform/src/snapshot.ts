import type { Cluster } from "@tideway/sandbox";

/** What comes and goes by itself, and used invitations, which their owner may look at for a while. */
const TRANSIENT = /\/(Event|Invitation)\/|Lease\/kube-node-lease\//;

/**
 * The names of all objects of all listable kinds, as `kind/namespace/name`, sorted: what is compared before
 * and after a peering. Events are left out: they are history.
 */
export const snapshot = async (cluster: Cluster): Promise<string[]> => {
  const kinds = (await cluster.kubectl("api-resources", "--verbs=list", "-o", "name"))
    .trim()
    .split("\n")
    .filter((k) => !k.startsWith("events"));
  const listed = await cluster.kubectl(
    "get",
    kinds.join(","),
    "-A",
    "--ignore-not-found",
    "-o",
    'jsonpath={range .items[*]}{.apiVersion}/{.kind}/{.metadata.namespace}/{.metadata.name}{"\\n"}{end}',
  );
  return [...new Set(listed.trim().split("\n"))].filter((line) => !TRANSIENT.test(line)).sort();
};

export const difference = (before: string[], after: string[]): { left: string[]; lost: string[] } => ({
  left: after.filter((x) => !before.includes(x)),
  lost: before.filter((x) => !after.includes(x)),
});

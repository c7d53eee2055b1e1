import type { Cluster } from "@tideway/sandbox";

/** What comes and goes by itself, and used invitations, which their owner may look at for a while. */
const TRANSIENT = /\/(Event|Invitation)\/|Lease\/kube-node-lease\//;

/** Of an object that is being deleted: that it is gone later is no loss. */
const LEAVING = " (leaving)";
const nameOf = (line: string): string => (line.endsWith(LEAVING) ? line.slice(0, -LEAVING.length) : line);

/**
 * The names of all objects of all listable kinds, as `kind/namespace/name`, sorted: what is compared before
 * and after a peering, and of those being deleted that they are. Events are left out: they are history.
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
    'jsonpath={range .items[*]}{.apiVersion}/{.kind}/{.metadata.namespace}/{.metadata.name}{" "}{.metadata.deletionTimestamp}{"\\n"}{end}',
  );
  const lines = listed
    .trim()
    .split("\n")
    .map((line) => line.trim().replace(/ \S+$/, LEAVING));
  return [...new Set(lines)].filter((line) => !TRANSIENT.test(line)).sort();
};

export const difference = (before: string[], after: string[]): { left: string[]; lost: string[] } => {
  const [then, now] = [before, after].map((lines) => new Set(lines.map(nameOf)));
  return {
    left: after.filter((x) => !then?.has(nameOf(x))),
    lost: before.filter((x) => !x.endsWith(LEAVING) && !now?.has(x)),
  };
};

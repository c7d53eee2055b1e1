/**
 * Pods that are to leave because the offer is taken back: evicted through the API, so that PodDisruptionBudgets
 * hold; what a budget keeps is tried again. Source: policy/v1 Eviction.
 */
import { describeError } from "@tideway/errors";
import type { Kube, Pod } from "@tideway/k8s";
import { addLists, type Amounts, amountOf, compare, NONE, parseList, podRequests } from "@tideway/quantity";

const isOver = (pod: Readonly<Pod>): boolean =>
  pod.metadata.deletionTimestamp !== undefined ||
  pod.status?.phase === "Succeeded" ||
  pod.status?.phase === "Failed";

/** What is not offered at all is offered at zero. */
const fits = (used: Amounts, within: Amounts): boolean =>
  [...used].every(([name, amount]) => compare(amount, amountOf(within, name)) <= 0);

const startOf = (pod: Readonly<Pod>): string => pod.metadata.creationTimestamp ?? "";
const priorityOf = (pod: Readonly<Pod>): number => pod.spec?.priority ?? 0;

/** The pods beyond what is offered: those of higher priority stay, and among equals the older ones. */
export const beyond = (
  bound: readonly Readonly<Pod>[],
  resources: Readonly<Record<string, string>>,
): Readonly<Pod>[] => {
  const offered = parseList(resources);
  let used: Amounts = NONE;
  const keepFirst = bound
    .filter((p) => !isOver(p))
    .toSorted((a, b) => priorityOf(b) - priorityOf(a) || (startOf(a) < startOf(b) ? -1 : 1));
  return keepFirst.filter((pod) => {
    const next = addLists(used, podRequests(pod.spec));
    if (!fits(next, offered)) return true;
    used = next;
    return false;
  });
};

/**
 * How long a pod that has not begun may be beyond what is offered, in ms. What a provider can give goes up and down as
 * its own pods come and go, and a pod that waits for room over there takes none.
 */
const PATIENCE_MS = 60_000;

/** Ms until a pod that is beyond what is offered has to leave: none where it runs. */
export const leavesInMs = ({ metadata, status }: Readonly<Pod>, nowMs: number): number => {
  if (status?.startTime) return 0;
  const bound = status?.conditions?.find((c) => c.type === "PodScheduled" && c.status === "True");
  const since = bound?.lastTransitionTime ?? metadata.creationTimestamp;
  return since ? Math.max(0, Date.parse(since) + PATIENCE_MS - nowMs) : 0;
};

export interface DrainDeps {
  kube: Pick<Kube, "request">;
  log: { debug(o: object, message: string): void };
  signal: AbortSignal;
}

const BATCH = 20;

/** Resolves with how many a budget kept. */
export const drain = async (d: DrainDeps, leaving: readonly Readonly<Pod>[]): Promise<number> => {
  const todo = leaving.filter((p) => !isOver(p));
  let kept = 0;
  for (let at = 0; at < todo.length; at += BATCH)
    await Promise.all(
      todo.slice(at, at + BATCH).map(async ({ metadata: { name, namespace = "", uid } }) => {
        const body = {
          apiVersion: "policy/v1",
          kind: "Eviction",
          metadata: { name, namespace },
          ...(uid ? { deleteOptions: { preconditions: { uid } } } : {}),
        };
        const answer = await d.kube.request({
          method: "POST",
          path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
          signal: d.signal,
        });
        const text = await answer.body.text();
        if (answer.status < 300 || answer.status === 404 || answer.status === 409) return; // gone, or another pod by now
        if (answer.status === 429) {
          kept++;
          return d.log.debug(
            { pod: `${namespace}/${name}`, reason: text.slice(0, 300) },
            "a budget keeps a pod for now",
          );
        }
        throw new Error(`evicting pod ${namespace}/${name}: ${answer.status} ${describeError(text)}`);
      }),
    );
  return kept;
};

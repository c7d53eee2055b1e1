import { namespaceOffloadings } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { type Kube, namespaces, type Pod, pods, services } from "@tideway/k8s";
import { offloadingOf } from "../../commands/offload.ts";
import { CliError } from "../../exit.ts";
import { isOffloaded } from "../../offloading/render.ts";
import { CLI } from "../../peering/request.ts";
import { watchOne } from "../../wait.ts";
import { namespaceOf, peerSelector, podOf, type PodWish, servicesOf } from "./manifests.ts";

/** A namespace of one cluster that a run has made, and the pods in it. */
export interface Stage {
  kube: Kube;
  namespace: string;
}

export const makeNamespace = async (kube: Kube, name: string, signal: AbortSignal): Promise<Stage> => {
  await kube.create(namespaces, namespaceOf(name, name), { signal });
  return { kube, namespace: name };
};

/** Lets the namespace's pods run in one peer and here; gives the name of its twin there. */
export const offload = async (s: Stage, peer: string, signal: AbortSignal): Promise<string> => {
  const wanted = offloadingOf(s.namespace, { selector: peerSelector(peer) });
  const { name } = wanted.metadata;
  await s.kube.apply(namespaceOffloadings, wanted, { fieldManager: CLI, signal });
  return await watchOne(s.kube, namespaceOffloadings, {
    name,
    namespace: s.namespace,
    signal,
    until: (nso) =>
      isOffloaded(nso)
        ? nso?.status?.remoteNamespaces?.find((r) => r.peer === peer && r.ready)?.namespace
        : undefined,
  });
};

export const makeServices = async (s: Stage, signal: AbortSignal): Promise<Map<string, number>> => {
  const made = await Promise.all(
    servicesOf(s.namespace).map((m) => s.kube.create(services, m as never, { signal })),
  );
  return new Map(
    made.flatMap((m) => {
      const port = m.spec?.ports?.[0]?.nodePort;
      return port ? [[m.metadata.name, port] as const] : [];
    }),
  );
};

export const makePod = async (s: Stage, w: Omit<PodWish, "namespace">, signal: AbortSignal): Promise<Pod> =>
  await s.kube.create(pods, podOf({ ...w, namespace: s.namespace }), { signal });

/** Ready, with an address. Says what it waits for when time runs out. */
export const ready = async (
  s: Stage,
  name: string,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<Pod> => {
  let last = "";
  return await watchOne(s.kube, pods, {
    name,
    namespace: s.namespace,
    signal,
    onTrouble: note,
    until: (pod) => {
      if (pod?.status?.phase === "Failed")
        throw new CliError(
          `pod ${s.namespace}/${name} failed: ${pod.status.message ?? pod.status.reason ?? ""}`,
        );
      if (pod && isReady(pod) && pod.status?.podIP) return pod;
      const why = `${name}: ${pod ? whyNot(pod) : "not there"}`;
      if (why !== last) note(why);
      last = why;
      return undefined;
    },
  });
};

const isReady = (pod: Readonly<Pod>): boolean =>
  (pod.status?.conditions ?? []).some((c) => c.type === "Ready" && c.status === "True");

const whyNot = (pod: Readonly<Pod>): string => {
  const waiting = pod.status?.containerStatuses?.[0]?.state?.waiting;
  const unscheduled = pod.status?.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False");
  if (waiting?.reason) return `${waiting.reason}${waiting.message ? `: ${waiting.message}` : ""}`;
  if (unscheduled) return unscheduled.message ?? "not scheduled";
  return isReady(pod) ? "ready, but has no address yet" : (pod.status?.phase ?? "not seen by its node");
};

/** Takes everything down, with a time of its own: the run may have been interrupted. Says what it could not. */
export const strike = async (
  stages: readonly Stage[],
  wait: boolean,
  note: (text: string) => void,
): Promise<void> => {
  const signal = AbortSignal.timeout(60_000);
  await Promise.all(
    stages.map(async ({ kube, namespace }) => {
      try {
        await kube.delete(namespaces, namespace, undefined, { signal });
        if (wait)
          await watchOne(kube, namespaces, {
            name: namespace,
            signal,
            until: (ns) => (ns ? undefined : true),
          });
      } catch (err) {
        note(`namespace ${namespace} is left: ${describeError(err)}`);
      }
    }),
  );
};

import { type ForeignCluster, foreignClusters } from "@tideway/api";
import type { Kube } from "@tideway/k8s";
import { UsageError } from "../exit.ts";
import { CLI, wish } from "../peering/request.ts";
import type { PeerOptions } from "./peer.ts";

/** Uses a peer that is known here, such as one that uses this cluster: it lets this cluster in by its key. */
export const turnRound = async (
  kube: Kube,
  name: string,
  { name: other, bidirectional = false }: PeerOptions,
  signal: AbortSignal,
): Promise<ForeignCluster> => {
  const all = await kube.list(foreignClusters, { signal });
  const fc = all.find((p) => p.metadata.name === name);
  if (!fc)
    throw new UsageError(`"${name}" is neither an invitation nor a peer that is known here`, {
      next: "take the whole line that `tideway invite` printed, in quotes",
    });
  if (other !== undefined && other !== name)
    throw new UsageError("--name: a peer that is known here keeps its name");
  return await kube.patch(
    foreignClusters,
    name,
    undefined,
    { metadata: { uid: fc.metadata.uid }, spec: wish(bidirectional) },
    { fieldManager: CLI, signal },
  );
};

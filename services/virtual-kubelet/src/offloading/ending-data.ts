import type { FactView } from "@tideway/bus";
import type { Informer, Namespace } from "@tideway/k8s";

/** The data of a deleted namespace has this long to go, in ms; then it is kept at the peer, as with an unoffloaded one. */
export const ENDING_MS = 30_000;

/** States of a volume whose claim is there yet, or whose data the peer is being told to delete. */
const GOING: readonly string[] = ["PENDING", "BOUND", "DELETING"];

/** By peer: the namespaces that are being deleted while claims of theirs have data there. */
export const endingData =
  (d: {
    volumes: Pick<FactView<"volume">, "list">;
    namespaces: Pick<Informer<Namespace>, "get">;
    now: () => number;
  }) =>
  (clusterID: string): string[] => {
    const names = d.volumes
      .list()
      .flatMap(({ peer, data }) =>
        peer === clusterID && GOING.includes(data.state) ? [data.namespace] : [],
      );
    return [...new Set(names)].filter((name) => {
      const since = d.namespaces.get(name)?.metadata.deletionTimestamp;
      return since !== undefined && d.now() - Date.parse(since) < ENDING_MS;
    });
  };

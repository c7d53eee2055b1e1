import type { Pod } from "@tideway/k8s";
import type { PeerConnection, PeerConnections } from "../ports.ts";
import type { Served } from "./served.ts";

export interface Connections extends PeerConnections {
  get(clusterID: string): Served | undefined;
  set(clusterID: string, served: Served): void;
  /** Stops the session; resolves when nothing of it runs any more. */
  drop(clusterID: string): Promise<void>;
  all(): Served[];
}

export const createConnections = (): Connections => {
  const served = new Map<string, Served>();
  const find = (is: (s: Served) => boolean): PeerConnection | undefined => {
    for (const s of served.values()) if (is(s)) return s.session;
    return undefined;
  };
  return {
    get: (id) => served.get(id),
    set: (id, s) => void served.set(id, s),
    drop: async (id) => {
      const s = served.get(id);
      served.delete(id);
      await s?.session.stop();
    },
    all: () => [...served.values()],
    byPeer: (id) => served.get(id)?.session,
    byPod: (namespace, name) => find((s) => s.session.localPods.get(`${namespace}/${name}`) !== undefined),
    list: () => [...served.values()].map((s) => s.session),
    podsOf: ({ clusterID }): Readonly<Pod>[] => served.get(clusterID)?.session.localPods.list() ?? [],
  };
};

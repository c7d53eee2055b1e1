import { isForbidden, isNotFound } from "@tideway/errors";
import type { KubeObject, Resource } from "@tideway/k8s";

export const daemonSets: Resource<KubeObject> = {
  group: "apps",
  version: "v1",
  plural: "daemonsets",
  kind: "DaemonSet",
  namespaced: true,
};

export interface Asked {
  /** The DaemonSet that runs this agent, and the namespace it is in; NotFoundError when there is none. */
  daemonSet: () => Promise<KubeObject>;
  namespace: () => Promise<KubeObject>;
  /** Between two tries. */
  pause: () => Promise<void>;
}

/** An API server that has just started may refuse for a moment what its roles allow. */
const TRIES = 3;

/** Gone, going, or for good no longer ours to look at: roles go with the installation, in an order nobody promises. */
const isGoing = async (get: () => Promise<KubeObject>, pause: () => Promise<void>): Promise<boolean> => {
  for (let tried = 1; ; tried++)
    try {
      return (await get()).metadata.deletionTimestamp !== undefined;
    } catch (err) {
      if (isNotFound(err)) return true;
      if (!isForbidden(err)) throw err;
      if (tried === TRIES) return true;
      await pause();
    }
};

/**
 * Whether this agent is told to end because Tideway is taken off the cluster, and not for an update or a restart, over
 * which traffic goes on. Rejects when the API server does not answer: then nobody knows, and the node stays as it is.
 */
export const isUninstalled = async ({ daemonSet, namespace, pause }: Asked): Promise<boolean> =>
  (await isGoing(daemonSet, pause)) || (await isGoing(namespace, pause));

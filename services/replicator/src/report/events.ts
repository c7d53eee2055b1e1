import { foreignClusters } from "@tideway/api";
import { type CoreEvent, events, type Kube } from "@tideway/k8s";

export type TellPeer = (
  peerName: string,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
) => Promise<void>;

const COMPONENT = "tideway-replicator";
const MAX_MESSAGE = 1024;

/** Kubernetes Events about a ForeignCluster; it is cluster-scoped, so they live in namespace default. */
export const createTeller =
  (d: { kube: Pick<Kube, "find" | "create">; instance: string; now: () => Date }): TellPeer =>
  async (peerName, type, reason, message) => {
    const about = await d.kube.find(foreignClusters, peerName);
    if (!about) return;
    const at = d.now().toISOString();
    const event: CoreEvent = {
      metadata: {
        name: `${peerName}.${d.now().getTime().toString(16)}${Math.floor(Math.random() * 256).toString(16)}`,
        namespace: "default",
      },
      involvedObject: {
        apiVersion: `${foreignClusters.group}/${foreignClusters.version}`,
        kind: foreignClusters.kind,
        name: peerName,
        ...(about.metadata.uid ? { uid: about.metadata.uid } : {}),
      },
      type,
      reason,
      message: message.slice(0, MAX_MESSAGE),
      source: { component: COMPONENT },
      reportingComponent: COMPONENT,
      reportingInstance: d.instance,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
    await d.kube.create(events, event);
  };

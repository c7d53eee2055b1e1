import { tunnelEndpoints } from "@tideway/api";
import { createKube, PEER_BOUNDS, type Kube, loadCredentials, namespaces } from "@tideway/k8s";
import type { Cli } from "../cli.ts";
import { CliError } from "../exit.ts";
import type { Tunnel } from "./tunnel.ts";

/** The other cluster, where its owner lets us look: then nodes over there can be told apart. */
export interface PeerAccess {
  kube: Kube;
  /** Node of the gateway over there that carries the tunnel to us. */
  gatewayNode: string | undefined;
  close(): Promise<void>;
}

export interface PeerOptions {
  peerKubeconfig?: string;
  peerContext?: string;
}

export const openPeer = async (
  cli: Cli,
  here: Kube,
  tunnel: Tunnel,
  o: PeerOptions,
  signal: AbortSignal,
): Promise<PeerAccess | undefined> => {
  const kubeconfig = o.peerKubeconfig ?? (o.peerContext ? cli.globals.kubeconfig : undefined);
  if (o.peerKubeconfig === undefined && o.peerContext === undefined) return undefined;
  const credentials = loadCredentials(cli.io.env, {
    ...(kubeconfig ? { kubeconfig } : {}),
    ...(o.peerContext ? { context: o.peerContext } : {}),
  });
  const kube = createKube(credentials, { userAgent: "tideway-cli", connections: 8, bounds: PEER_BOUNDS });
  try {
    const [there, ours, endpoints] = await Promise.all([
      kube.get(namespaces, "kube-system", undefined, { signal }),
      here.get(namespaces, "kube-system", undefined, { signal }),
      kube.list(tunnelEndpoints, { signal }),
    ]);
    if (there.metadata.uid !== tunnel.endpoint.spec.clusterID)
      throw new CliError(`--peer-kubeconfig and --peer-context lead to another cluster than ${tunnel.peer}`);
    const toUs = endpoints.find((e) => e.spec.clusterID === ours.metadata.uid);
    return { kube, gatewayNode: toUs?.status?.node, close: () => kube.close() };
  } catch (err) {
    await kube.close();
    throw err;
  }
};

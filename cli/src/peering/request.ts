import {
  type ForeignCluster,
  isPeerName,
  make,
  MAX_PEER_NAME,
  peerName,
  PEER,
  foreignClusters,
  SYSTEM_NAMESPACE,
} from "@tideway/api";
import type { Secret } from "@tideway/k8s";
import { hashToken, type InvitationData } from "@tideway/pki";
import { CliError, UsageError } from "../exit.ts";

export const MANAGED_BY = "app.kubernetes.io/managed-by";
export const CLI = "tideway-cli";

/** A new token gets a new name: the ForeignCluster's spec changes with it, so a refused peering is tried again. */
export const tokenSecretName = (peer: string, token: string): string =>
  `peer-token-${peer}-${hashToken(token).slice(0, 8)}`;

/** The Secrets this CLI has made for a peer. */
export const tokenSecretsOf = (peer: string): { namespace: string; labelSelector: string } => ({
  namespace: SYSTEM_NAMESPACE,
  labelSelector: `${MANAGED_BY}=${CLI},${PEER}=${peer}`,
});

/**
 * What to call the peer: what it is already called here, else --name, else the name it gives itself.
 * Refuses an invitation of this very cluster, one that has expired, and a name that is taken.
 */
export const choosePeerName = (
  invited: InvitationData,
  wanted: string | undefined,
  known: readonly ForeignCluster[],
  here: { clusterID: string; nowMs: number },
): string => {
  if (invited.id === here.clusterID)
    throw new UsageError("this invitation is this cluster's own", {
      next: "run `tideway peer` against the other cluster: see --context and --kubeconfig",
    });
  if (invited.exp && Date.parse(invited.exp) <= here.nowMs)
    throw new CliError(`the invitation of ${invited.name} expired at ${invited.exp}`, {
      next: "ask its owner for a new one: tideway invite",
    });
  const same = known.find((fc) => fc.spec.clusterID === invited.id);
  if (same && wanted && same.metadata.name !== wanted)
    throw new UsageError(`--name: cluster ${invited.id} is already known here as "${same.metadata.name}"`, {
      next: `leave --name out, or unpeer ${same.metadata.name} first`,
    });
  if (same?.metadata.deletionTimestamp)
    throw new CliError(`"${same.metadata.name}" is just being unpeered`, {
      next: `wait until it is gone: kubectl wait --for=delete foreigncluster/${same.metadata.name}`,
    });
  if (same) return same.metadata.name;
  const isTaken = (name: string): boolean => known.some((fc) => fc.metadata.name === name);
  if (!wanted) return peerName(invited.name, invited.id, isTaken);
  if (!isPeerName(wanted))
    throw new UsageError(`--name: "${wanted}" is not a peer name`, {
      next: `at most ${MAX_PEER_NAME} of a-z, 0-9 and -, starting and ending with a letter or digit, without --`,
    });
  if (isTaken(wanted))
    throw new UsageError(`--name: another cluster is already called "${wanted}" here`, {
      next: "choose another name",
    });
  return wanted;
};

export const tokenSecret = (peer: string, token: string): Secret => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: {
    name: tokenSecretName(peer, token),
    namespace: SYSTEM_NAMESPACE,
    labels: { [MANAGED_BY]: CLI, [PEER]: peer },
  },
  type: "Opaque",
  stringData: { token },
});

/** `Auto` lets the peer in by an invitation; `Yes` by its key too. */
export const wish = (
  bidirectional: boolean,
): Pick<ForeignCluster["spec"], "outgoingPeering" | "incomingPeering"> => ({
  outgoingPeering: "Yes",
  ...(bidirectional ? { incomingPeering: "Yes" as const } : {}),
});

/** The whole of what this CLI says of the peer; `uid` when the object exists, so that it is not made anew. */
export const foreignCluster = (
  peer: string,
  invited: InvitationData,
  existing: ForeignCluster | undefined,
  bidirectional = false,
): ForeignCluster =>
  make(foreignClusters, {
    metadata: { name: peer, ...(existing?.metadata.uid ? { uid: existing.metadata.uid } : {}) },
    spec: {
      clusterID: invited.id,
      clusterName: invited.name,
      authEndpoint: invited.endpoint,
      pins: [invited.pin],
      ...wish(bidirectional),
      tokenSecretRef: { name: tokenSecretName(peer, invited.token) },
    },
  });

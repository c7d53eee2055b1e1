import type { PersistentVolumeClaim } from "./core.ts";

/** Annotation of a claim: when it was touched, so that the volume controller looks at it again. RFC 3339. */
export const BIND_AGAIN = "storage.tideway.dev/bind-again";

/** Far beyond what binding takes, far below the round of the volume controller, in ms. */
const AFTER_MS = 1_000;

/**
 * A claim made for a volume that is there is bound at once, or 15 s later: both workers of the volume controller write
 * the volume's status then, and the one whose write comes second gives up. Where that is the worker of the claim, the
 * claim waits for the next round (kube-controller-manager, `--pvclaimbinder-sync-period`) or for a change of its own.
 *
 * Ms until it is to be changed, 0: now; undefined where it is bound, or for no volume yet.
 */
export const bindAgainInMs = (
  { metadata, spec, status }: Readonly<PersistentVolumeClaim>,
  nowMs: number,
): number | undefined => {
  if (status?.phase === "Bound" || status?.phase === "Lost" || !spec?.volumeName) return undefined;
  const since = Math.max(
    ...[metadata.creationTimestamp, metadata.annotations?.[BIND_AGAIN]].map((t) => (t ? Date.parse(t) : 0)),
  );
  return Math.max(0, since + AFTER_MS - nowMs);
};

/** The change, as a merge patch. */
export const bindAgain = (nowMs: number): object => ({
  metadata: { annotations: { [BIND_AGAIN]: new Date(nowMs).toISOString() } },
});

import { DELETE_DATA, DELETE_DATA_ACCEPTED } from "@tideway/api";
import { type Kube, type PersistentVolume, persistentVolumeClaims, persistentVolumes } from "@tideway/k8s";
import type { Cli, Deadline } from "../cli.ts";
import { CLI } from "../peering/request.ts";
import { watchOne } from "../wait.ts";
import { isAway, rowOf } from "./model.ts";

/**
 * Gives up data of claims at peers before what it lives in goes: says what will be lost, tells the peer that it goes along, waits
 * until the peer has heard it, and deletes the claims. Without it the data would be kept.
 */
export const deleteData = async (
  cli: Cli,
  kube: Kube,
  which: (v: Readonly<PersistentVolume>) => boolean,
  deadline: Deadline,
): Promise<void> => {
  const { signal } = deadline;
  const away = (await kube.list(persistentVolumes, { signal })).filter((v) => isAway(v) && which(v));
  // of data without a claim the peer is asked nothing any more, so it would never be heard
  const lost = away.filter((v) => v.status?.phase === "Bound");
  for (const row of away.filter((v) => !lost.includes(v)).map(rowOf))
    cli.io.err(
      `stays: ${row.size} at ${row.at}, claim ${row.claim} is gone: the owner of ${row.at} ends it with tideway volume evict`,
    );
  for (const row of lost.map(rowOf)) cli.io.err(`will be lost: claim ${row.claim}, ${row.size} at ${row.at}`);
  const metadata = (v: PersistentVolume) => ({
    uid: v.metadata.uid,
    annotations: { [DELETE_DATA]: "true" },
  });
  await Promise.all(
    lost.map((v) =>
      kube.patch(
        persistentVolumes,
        v.metadata.name,
        undefined,
        { metadata: metadata(v) },
        { fieldManager: CLI, signal },
      ),
    ),
  );
  try {
    for (const v of lost)
      await watchOne(kube, persistentVolumes, {
        name: v.metadata.name,
        signal,
        onTrouble: (text) => cli.io.err(text),
        until: (now) =>
          !now || now.metadata.annotations?.[DELETE_DATA_ACCEPTED] === "true" ? true : undefined,
      });
  } catch (err) {
    throw deadline.explain(
      err,
      "the peer to hear that the data goes",
      "a peer that is away keeps it: its owner ends it with `tideway volume evict`; go on without --delete-volumes",
    );
  }
  for (const v of lost) {
    const { namespace = "", name = "", uid } = v.spec?.claimRef ?? {};
    await kube.delete(persistentVolumeClaims, name, namespace, { ...(uid ? { uid } : {}), signal });
  }
};

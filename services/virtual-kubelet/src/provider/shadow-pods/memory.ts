import type { ShadowPod } from "@tideway/api";
import { type Informer, keyOf, type Pod } from "@tideway/k8s";
import { type Ended, endOf, isConcluded, ownerOf } from "./decide.ts";

/**
 * What this process saw happen and its caches no longer show. Only ever makes an answer quicker or keeps a
 * pod from being started twice; losing it (a restart) costs one more request, never a wrong decision: the
 * finalizer of the pods and the status of the ShadowPods hold what must last.
 */
export interface Memory {
  /** The end of the pod of the ShadowPod with this UID. */
  endOf(shadowUid: string): Ended | undefined;
  concluded(shadowUid: string): boolean;
  conclude(shadowUid: string): void;
  /** Last wish of a ShadowPod that went while its pod stood. */
  departed(podKey: string, owner: string | undefined): { gracePeriodSeconds?: number } | undefined;
  /** Whether this generation of the ShadowPod was compared with its pod already. */
  compared(shadow: Readonly<ShadowPod>): boolean;
  markCompared(shadow: Readonly<ShadowPod>): void;
  /** Entries held, for a test that nothing leaks. */
  readonly size: number;
}

export const remember = (shadows: Informer<ShadowPod>, pods: Informer<Pod>): Memory => {
  const ends = new Map<string, Ended>();
  const concluded = new Set<string>();
  const departures = new Map<string, { owner: string; gracePeriodSeconds?: number }>();
  const generations = new Map<string, number>();

  shadows.onChange((key, shadow, old) => {
    const gone = old?.metadata.uid;
    if (gone === undefined || shadow?.metadata.uid === gone) return;
    ends.delete(gone);
    concluded.delete(gone);
    generations.delete(gone);
    const grace = old?.spec.gracePeriodSeconds;
    if (pods.get(key))
      departures.set(key, { owner: gone, ...(grace !== undefined ? { gracePeriodSeconds: grace } : {}) });
  });
  pods.onChange((key, pod, old) => {
    if (!old || (pod && pod.metadata.uid === old.metadata.uid)) return;
    departures.delete(key);
    const owner = ownerOf(old);
    const shadow = shadows.get(keyOf(old));
    if (owner && shadow?.metadata.uid === owner && !isConcluded(shadow)) ends.set(owner, endOf(old));
  });

  return {
    endOf: (uid) => ends.get(uid),
    concluded: (uid) => concluded.has(uid),
    conclude: (uid) => void concluded.add(uid),
    departed: (key, owner) => {
      const found = departures.get(key);
      return found && found.owner === owner ? found : undefined;
    },
    compared: (s) => generations.get(s.metadata.uid ?? "") === (s.metadata.generation ?? 0),
    markCompared: (s) => void generations.set(s.metadata.uid ?? "", s.metadata.generation ?? 0),
    get size() {
      return ends.size + concluded.size + departures.size + generations.size;
    },
  };
};

import type { Pod } from "@tideway/k8s";
import { wantsApiServer } from "../network/api-server.ts";
import { references, type TokenProjection } from "@tideway/podspec";
import { copyKey } from "./names.ts";

/** Which pods of the virtual node refer to what. References of a pod never change, so they are read once a UID. */
export interface Usage {
  /** Answers the keys whose usage may have changed. */
  update(podKey: string, pod: Readonly<Pod> | undefined): readonly string[];
  isUsed(key: string): boolean;
  keysOf(podKey: string): readonly string[];
  tokensOf(podKey: string): readonly TokenProjection[];
}

interface Entry {
  uid: string | undefined;
  keys: readonly string[];
  tokens: readonly TokenProjection[];
}
const NO_KEYS: readonly string[] = [];
const NO_TOKENS: readonly TokenProjection[] = [];

export const createUsage = (): Usage => {
  const pods = new Map<string, Entry>();
  const users = new Map<string, number>();

  const count = (keys: readonly string[], by: 1 | -1): void => {
    for (const key of keys) {
      const n = (users.get(key) ?? 0) + by;
      if (n > 0) users.set(key, n);
      else users.delete(key);
    }
  };
  const entryOf = (pod: Readonly<Pod>): Entry => {
    const namespace = pod.metadata.namespace ?? "";
    const uid = pod.metadata.uid;
    if (!pod.spec) return { uid, keys: NO_KEYS, tokens: NO_TOKENS };
    const { configMaps, secrets, tokens } = references(pod.spec, { defaultToken: wantsApiServer(pod) });
    if (configMaps.size + secrets.size === 0) return { uid, keys: NO_KEYS, tokens };
    const keys = [
      ...[...configMaps].map((name) => copyKey("configmaps", namespace, name)),
      ...[...secrets].map((name) => copyKey("secrets", namespace, name)),
    ];
    return { uid, keys, tokens };
  };

  return {
    update: (podKey, pod) => {
      const before = pods.get(podKey);
      if (pod && before && before.uid === pod.metadata.uid) return NO_KEYS;
      const now = pod && entryOf(pod);
      if (now) {
        count(now.keys, 1);
        pods.set(podKey, now);
      } else pods.delete(podKey);
      if (before) count(before.keys, -1);
      return [...(before?.keys ?? NO_KEYS), ...(now?.keys ?? NO_KEYS)];
    },
    isUsed: (key) => users.has(key),
    keysOf: (podKey) => pods.get(podKey)?.keys ?? NO_KEYS,
    tokensOf: (podKey) => pods.get(podKey)?.tokens ?? NO_TOKENS,
  };
};

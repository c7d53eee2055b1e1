import { type Kube, namespaces } from "@tideway/k8s";
import type { Meter } from "@tideway/quota";
import { openReader } from "../events/reader.ts";
import type { Reading } from "./meters.ts";

/** As the bus tells it: protos/events/v1/quota.proto. */
interface Told {
  clusterId?: string;
  name?: string;
  hard?: Record<string, string>;
  used?: Record<string, string>;
  since?: string;
  at?: string;
  seconds?: Record<string, string>;
}

/** All states of ledgers that the bus still has (7 days), oldest first. */
export const readHistory = async (
  kube: Kube,
  o: { signal: AbortSignal; onTrouble: (m: string) => void },
): Promise<Reading[]> => {
  const here = (await kube.get(namespaces, "kube-system", undefined, o)).metadata.uid ?? "";
  const reader = await openReader(kube, here, o);
  const found: Reading[] = [];
  try {
    const events = reader.bus.events({ follow: false, entity: "quota", signal: o.signal });
    for await (const { peer, key = "", data } of events) {
      const { name = "", hard = {}, used = {}, since = "", at = "", seconds = {} } = data as Told;
      const meter: Meter = { since, at, seconds };
      if (since && at) found.push({ peer: name, clusterID: peer, offer: key, hard, used, meter });
    }
  } finally {
    await reader.close();
  }
  return found;
};

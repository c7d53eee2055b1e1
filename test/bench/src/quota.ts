import { shadowPods } from "@tideway/api";
import { informer, pods } from "@tideway/k8s";
import type { Ledger } from "@tideway/quota";
import { startProviderWorld } from "../../../services/virtual-kubelet/test/provider-world.ts";
import { seen } from "./bed.ts";
import { percentile, type Result, summarise } from "./result.ts";

/** Lets everything pass and writes nothing: what a pod costs where nobody counts. */
const uncounted: Ledger = {
  reserve: () => Promise.resolve({ granted: true }),
  count: () => undefined,
  leave: () => undefined,
  release: () => undefined,
  holds: () => Promise.resolve(true),
  look: () => undefined,
  holders: () => Promise.resolve([]),
};

/** From a ShadowPod to its pod, on one API server, by two replicas in turn: one that counts and one that does not. */
export const benchQuota = async (rounds: number): Promise<Result[]> => {
  const world = await startProviderWorld();
  let counting = true;
  const replicas = await Promise.all([
    world.startReplica({}, { owns: () => counting }),
    world.startReplica({ ledger: uncounted }, { owns: () => !counting }),
  ]);
  const stop = new AbortController();
  try {
    const twin = await world.fresh();
    const made = informer(world.kube, pods, { namespace: twin });
    made.start(stop.signal);
    await made.synced;
    const one = async (name: string): Promise<number> => {
      const at = performance.now();
      await world.shadow(twin, name);
      await seen(made, `pod ${name}`, () => made.get(`${twin}/${name}`) !== undefined);
      const took = performance.now() - at;
      await world.kube.delete(shadowPods, name, twin);
      await seen(made, `pod ${name} gone`, () => made.get(`${twin}/${name}`) === undefined);
      return took;
    };
    const times: Record<"with" | "without", number[]> = { with: [], without: [] };
    for (let i = 0; i < 2 * rounds + 10; i++) {
      counting = i % 2 === 0;
      const took = await one(`p-${i}`);
      if (i >= 10) times[counting ? "with" : "without"].push(took); // the first ones warm up
    }
    const counted = summarise(times.with);
    const reference = percentile(times.without, 50);
    return [
      {
        name: "ShadowPod to pod, charged to the tenant's quota; reference: not counted",
        unit: "ms",
        ...counted,
        reference,
        ratio: counted.p50 / reference,
        target: "at most 5 ms more at p50",
        met: counted.p50 - reference <= 5,
      },
    ];
  } finally {
    stop.abort();
    await Promise.all(replicas.map((r) => r.stop()));
    await world.stop();
  }
};

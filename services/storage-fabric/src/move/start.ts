import { volumeMoves } from "@tideway/api";
import { keyOf, informer } from "@tideway/k8s";
import type { Reconcile } from "@tideway/controller";
import type { Facts } from "../ports.ts";
import type { Logger } from "@tideway/log";
import { isOver, makeMoveReconciler, type MoveDeps } from "./reconciler.ts";
import { createScene } from "./scene.ts";

export interface MoveWiring extends Omit<MoveDeps, "moves" | "podsOf" | "strategyOf"> {
  namespaces: Facts<"namespace"> & { onChange(h: () => void): unknown };
  start(name: string, reconcile: Reconcile): { enqueue(key: string): void };
  log: Logger;
  signal: AbortSignal;
}

/** Resolves when VolumeMoves are known and worked on; gives what looks at all of them again. */
export const startMoves = async (w: MoveWiring): Promise<() => void> => {
  const moves = informer(w.kube, volumeMoves, { backoffMs: { first: 50, max: 2_000 } });
  moves.onError((err) => w.log.warn({ err, what: "volumemoves" }, "watch interrupted"));
  moves.start(w.signal);
  await moves.synced;
  const open = () => moves.list().filter((m) => !isOver(m));
  const wake = (namespace?: string): void => {
    for (const m of open())
      if (namespace === undefined || m.metadata.namespace === namespace) controller.enqueue(keyOf(m));
  };
  const scene = createScene({ kube: w.kube, log: w.log, signal: w.signal, onChange: wake });
  const controller = w.start(
    "move",
    makeMoveReconciler({
      ...w,
      moves,
      podsOf: (namespace) => scene.podsOf(namespace),
      strategyOf: (namespace) => {
        const fact = w.namespaces.get("local", namespace)?.data;
        return fact?.state === "OFFLOADED" ? fact.strategy : undefined;
      },
    }),
  );
  moves.onChange((key) => {
    controller.enqueue(key);
    scene.keep(new Set(open().map((m) => m.metadata.namespace ?? "")));
  });
  w.objects.claims.onChange((_, now, old) => wake((now ?? old)?.metadata.namespace));
  w.objects.volumes.onChange((_, now, old) => wake((now ?? old)?.spec?.claimRef?.namespace));
  w.namespaces.onChange(() => wake());
  wake();
  return () => wake();
};

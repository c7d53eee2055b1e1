import { ORIGIN, type ShadowPod, shadowPods, type TenantQuota, tenantQuotas } from "@tideway/api";
import type { FactView } from "@tideway/bus";
import type { Reconcile } from "@tideway/controller";
import { isNotFound } from "@tideway/errors";
import { type Informer, type Kube, type Namespace, type Pod, pods } from "@tideway/k8s";
import type { Account, Ledger } from "@tideway/quota";
import type { Clock } from "../../ports.ts";
import { FIELD_MANAGER } from "../labels.ts";
import { ownerOf } from "../shadow-pods/decide.ts";
import { decide, type Wanted } from "./decide.ts";
import { MAKING_MS } from "./room.ts";

export interface QuotaDeps {
  kube: Kube;
  clock: Clock;
  identities: FactView<"identity">;
  offers: FactView<"offer">;
  /** TenantQuotas, metadata only. */
  quotas: Informer<TenantQuota>;
  ledger: Ledger;
  /** Namespaces matching TWIN_SELECTOR, indexed by "origin". */
  twins: Informer<Namespace>;
  /** Both indexed by "namespace". */
  shadows: Informer<ShadowPod>;
  pods: Informer<Pod>;
  owns(clusterID: string): boolean;
  /** A pod is being made for this ShadowPod at this moment. */
  isBusy(shadowUid: string): boolean;
}

/** Caches and ledger are compared this often, in ms; the API server is asked only where they differ. */
const SWEEP_MS = 60_000;

/** Key: the cluster ID of a tenant. */
export const makeQuotaReconciler = (d: QuotaDeps): Reconcile => {
  /** What was applied last, by quota: applying is repeated after a restart only. */
  const applied = new Map<string, string>();

  const observe = (origin: string) => {
    const identity = d.identities.get(origin, "incoming")?.data;
    const namespace = identity?.state === "GRANTED" ? identity.localNamespace : undefined;
    return {
      origin,
      peer: identity?.name ?? "",
      namespace,
      offer: d.offers.get(origin, "incoming")?.data,
      standing: d.quotas
        .list()
        .filter((q) => q.metadata.namespace === namespace)
        .map((q) => q.metadata.name),
    };
  };

  const apply = async (wanted: Wanted, signal: AbortSignal): Promise<void> => {
    const text = JSON.stringify(wanted);
    const { namespace = "", name } = wanted.metadata;
    const key = `${namespace}/${name}`;
    if (applied.get(key) === text && d.quotas.get(key)) return;
    try {
      await d.kube.apply(tenantQuotas, wanted, { fieldManager: FIELD_MANAGER, signal });
      applied.set(key, text);
      d.ledger.look({ namespace, name });
    } catch (err) {
      if (!isNotFound(err)) throw err; // the tenant's namespace is gone
    }
  };

  const standingIn = (namespace: string): string[] => [
    ...d.shadows.byIndex("namespace", namespace).map((s) => s.metadata.uid ?? ""),
    ...d.pods.byIndex("namespace", namespace).map((p) => ownerOf(p) ?? ""),
  ];

  /** As {@link standingIn}, of the API server itself: a cache may be behind. */
  const reallyStandingIn = async (namespace: string): Promise<string[]> => {
    const [shadows, made] = await Promise.all([
      d.kube.list(shadowPods, { namespace }),
      d.kube.list(pods, { namespace, labelSelector: ORIGIN }),
    ]);
    return [...shadows.map((s) => s.metadata.uid ?? ""), ...made.map((p) => ownerOf(p) ?? "")];
  };

  /** Reservations without ShadowPod and pod, and since when, by quota. */
  const suspected = new Map<string, Map<string, number>>();

  /** Room that was reserved by a replica that then ended, or whose pod went while nobody looked, is given back. */
  const sweep = async (origin: string, account: Account): Promise<{ swept: number; suspects: number }> => {
    const key = `${account.namespace}/${account.name}`;
    const twins = d.twins.byIndex("origin", origin).map((t) => t.metadata.name);
    const known = new Set(twins.flatMap(standingIn));
    const before = suspected.get(key);
    const suspects = new Map(
      (await d.ledger.holders(account, "pods"))
        .filter((uid) => !known.has(uid) && !d.isBusy(uid))
        .map((uid) => [uid, before?.get(uid) ?? d.clock.now()]),
    );
    if (suspects.size === 0) suspected.delete(key);
    else suspected.set(key, suspects);
    const due = [...suspects].filter(([, since]) => d.clock.now() - since >= MAKING_MS).map(([uid]) => uid);
    if (due.length === 0) return { swept: 0, suspects: suspects.size };
    const real = new Set((await Promise.all(twins.map(reallyStandingIn))).flat());
    const gone = due.filter((uid) => !real.has(uid) && !d.isBusy(uid));
    for (const uid of gone) {
      suspects.delete(uid);
      d.ledger.release(account, { kind: "pods", uid });
    }
    return { swept: gone.length, suspects: suspects.size };
  };

  return async (origin, { signal, log }) => {
    if (!d.owns(origin)) return {};
    const world = observe(origin);
    const { namespace, standing } = world;
    for (const wanted of decide(world)) await apply(wanted, signal);
    if (namespace === undefined || standing.length === 0) return {};
    const all = await Promise.all(standing.map((name) => sweep(origin, { namespace, name })));
    const swept = all.reduce((sum, s) => sum + s.swept, 0);
    if (swept > 0) log.info({ swept }, "reservations whose pods are gone were given back");
    return { requeueAfterMs: all.some((s) => s.suspects > 0) ? MAKING_MS : SWEEP_MS };
  };
};

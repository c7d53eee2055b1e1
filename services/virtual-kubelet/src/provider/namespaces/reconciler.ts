import {
  type NamespaceMap,
  namespaceMaps,
  ORIGIN,
  sameConditions,
  type ShadowPod,
  TRACEPARENT,
} from "@tideway/api";
import type { FactOf, FactView } from "@tideway/bus";
import type { Reconcile } from "@tideway/controller";
import { describeError, TidewayError } from "@tideway/errors";
import type { Informer, Kube, Namespace, Pod } from "@tideway/k8s";
import { withSpan } from "@tideway/telemetry/tracing";
import { type Clock, nowIso } from "../../ports.ts";
import { FIELD_MANAGER, SOURCE_NAMESPACE } from "../labels.ts";
import type { Policies } from "../policies.ts";
import { decide, type Effect, type Existing, readiness, type Standing, type TwinStatus } from "./decide.ts";
import { ENFORCED } from "./manifests.ts";
import { perform } from "./perform.ts";

export interface NamespaceDeps {
  kube: Kube;
  clock: Clock;
  identities: FactView<"identity">;
  maps: Informer<NamespaceMap>;
  /** Namespaces matching TWIN_SELECTOR, indexed by "origin". */
  twins: Informer<Namespace>;
  /** Whether binding, service account and policy of the twin are seen, and the policy opens these prefixes. */
  furnished(namespace: string, open: readonly string[] | undefined): boolean;
  /** Prefixes that the namespace's policy opens. */
  opened(namespace: string): readonly string[] | undefined;
  /** Prefixes in which the consumer's addresses are seen here; undefined while the network says nothing about it. */
  openTo(clusterID: string): readonly string[] | undefined;
  owns(clusterID: string): boolean;
  policies: Policies;
  /** Where this service runs. */
  systemNamespace: string;
  /** ShadowPods indexed by "namespace", and the pods made from them. */
  shadows: Informer<ShadowPod>;
  pods: Informer<Pod>;
  /** ShadowClaims, and the claims made from them. */
  claims: { shadowsOf(namespace: string): string[]; occupied(namespace: string): boolean };
}

/** A namespace that is being emptied is looked at this often, in ms. */
const EMPTYING_MS = 200;
/** A name held by something else is tried again after this long, in ms. */
const TAKEN_RETRY_MS = 30_000;

const standingOf = (fact: FactOf["identity"] | undefined): Standing => {
  switch (fact?.state) {
    case "GRANTED":
      return "granted";
    case "REVOKED":
      return fact.podsKept ? "suspended" : "revoked";
    case "GONE":
      return "revoked";
    default:
      return "unknown";
  }
};

const sameTwins = (a: readonly object[] | undefined, b: readonly object[]): boolean =>
  JSON.stringify((a ?? []).map((x) => Object.entries(x).sort())) ===
  JSON.stringify(b.map((x) => Object.entries(x).sort()));

const targetOf = (effect: Effect): string => ("twin" in effect ? effect.twin.name : effect.name);

/** Key: the cluster ID of a consumer. */
export const makeNamespaceReconciler = (d: NamespaceDeps): Reconcile => {
  /** By consumer: twins whose name something else holds. Only remembered; found again after a restart. */
  const taken = new Map<string, Set<string>>();

  const existingOf = (origin: string, open: readonly string[] | undefined): Existing[] =>
    d.twins.byIndex("origin", origin).map((n) => ({
      name: n.metadata.name,
      uid: n.metadata.uid ?? "",
      source: n.metadata.labels?.[SOURCE_NAMESPACE] ?? "",
      terminating: n.metadata.deletionTimestamp !== undefined,
      furnished: d.furnished(n.metadata.name, open),
      open: d.opened(n.metadata.name),
      level: n.metadata.labels?.[ENFORCED],
      occupied:
        d.claims.occupied(n.metadata.name) ||
        [d.shadows, d.pods].some((cache) => cache.byIndex("namespace", n.metadata.name).length > 0),
    }));

  const shadowsOf = (namespace: string): string[] =>
    d.shadows.byIndex("namespace", namespace).map((s) => s.metadata.name);

  const writeStatus = async (
    map: Readonly<NamespaceMap>,
    twins: TwinStatus[],
    signal: AbortSignal,
  ): Promise<void> => {
    const { name, namespace, uid } = map.metadata;
    const status = { namespaces: twins, conditions: [readiness(map, twins, nowIso(d.clock))] };
    if (
      sameConditions(map.status?.conditions, status.conditions) &&
      sameTwins(map.status?.namespaces, status.namespaces)
    )
      return;
    await d.kube.apply(
      namespaceMaps,
      {
        metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
        status: {
          ...status,
          ...(map.metadata.generation ? { observedGeneration: map.metadata.generation } : {}),
        },
      },
      { fieldManager: FIELD_MANAGER, subresource: "status", signal },
    );
  };

  return async (origin, { signal, log }) => {
    if (!d.owns(origin)) return {};
    const fact = d.identities.get(origin, "incoming")?.data;
    const map = d.maps
      .list()
      .find((m) => m.metadata.namespace === fact?.localNamespace && m.metadata.labels?.[ORIGIN] === origin);
    const held = taken.get(origin) ?? new Set<string>();
    taken.set(origin, held);
    const open = d.openTo(origin);
    const { podSecurity } = d.policies(fact?.name ?? "");
    const plan = decide({
      origin,
      peer: fact?.name ?? "",
      standing: standingOf(fact),
      map,
      existing: existingOf(origin, open),
      open,
      level: podSecurity,
      taken: held,
    });

    const failures = new Map<string, unknown>();
    let learned = false;
    const run = async (effects: Effect[]): Promise<void> => {
      for (const effect of effects) {
        const name = targetOf(effect);
        try {
          const outcome = await perform(d.kube, effect, {
            signal,
            log,
            podSecurity,
            systemNamespace: d.systemNamespace,
            shadowsOf,
            claimsOf: d.claims.shadowsOf,
          });
          if (effect.do === "create" && (outcome === "taken") !== held.has(name)) {
            learned = true;
            if (outcome === "taken") held.add(name);
            else held.delete(name);
          }
          if (outcome === "taken") return;
        } catch (err) {
          failures.set(name, err);
          return;
        }
      }
    };
    const traceparent = map?.metadata.annotations?.[TRACEPARENT];
    const work = [...Map.groupBy(plan.effects, targetOf).values()];
    if (work.length > 0)
      await withSpan("twin-namespaces", { traceparent, attributes: { origin } }, () =>
        Promise.all(work.map(run)),
      );
    if (learned) return { requeueAfterMs: 0 }; // decide again, knowing it
    const done = plan.effects.filter((e) => e.do === "create" || e.do === "delete").map(targetOf);
    if (done.length > 0) log.info({ namespaces: done }, "twin namespaces made or deleted");

    if (map && plan.namespaces) {
      const namespaces = plan.namespaces.map((n) =>
        failures.has(n.twin)
          ? { ...n, ready: false, message: describeError(failures.get(n.twin)).slice(0, 1000) }
          : n,
      );
      await writeStatus(map, namespaces, signal);
    }
    const [first] = failures.values();
    if (first !== undefined) throw new TidewayError(`twin namespaces of ${origin}`, { cause: first });
    if (plan.effects.some((e) => e.do === "empty")) return { requeueAfterMs: EMPTYING_MS };
    return held.size > 0 ? { requeueAfterMs: TAKEN_RETRY_MS } : {};
  };
};

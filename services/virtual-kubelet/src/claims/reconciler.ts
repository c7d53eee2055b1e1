import { make, ORIGIN, type ShadowClaim, shadowClaims } from "@tideway/api";
import type { FactView } from "@tideway/bus";
import { type Controller, type Reconcile, startController } from "@tideway/controller";
import { describeError, isAlreadyExists, isForbidden, isInvalid, isNotFound } from "@tideway/errors";
import { keyOf, type Pod } from "@tideway/k8s";
import { claimsOf } from "@tideway/podspec";
import type { Session } from "../peers/session.ts";
import type { Local } from "../ports.ts";
import { decide, type Effect, type Plan, type World } from "./decide.ts";

export interface Claims {
  /** This ShadowClaim changed or went, or all of the twin may be looked at for the first time (undefined). */
  onShadow(source: string, shadow: Readonly<ShadowClaim> | undefined): void;
  resync(source?: string): void;
  /** The first claim of the pod that the provider has not accepted. */
  missing(pod: Readonly<Pod>): { claim: string; message: string } | undefined;
  /** All claims of the pod wait at the provider for their first pod: its scheduler will have to wait for their volumes. */
  areWaiting(pod: Readonly<Pod>): boolean;
  /** Regions of the provider that will do for all claims of the pod; undefined: any. */
  regionsOf(pod: Readonly<Pod>): string[] | undefined;
}

/** A peer that refuses what we ask is asked again after this, in ms. */
const REFUSED_MS = 30_000;

/** Keys are UIDs of claims. */
export const startClaims = (d: { session: Session; local: Local; volumes: FactView<"volume"> }): Claims => {
  const { session, local, volumes } = d;
  const { clusterID, kube, signal } = session;

  const find = (
    source: string,
    test: (s: Readonly<ShadowClaim>) => boolean,
  ): Readonly<ShadowClaim> | undefined => session.twin(source)?.claims.list().find(test);

  const shadowOf = (pod: Readonly<Pod>, claim: string): Readonly<ShadowClaim> | undefined => {
    const twin = session.twin(pod.metadata.namespace ?? "");
    return twin?.claims.get(keyOf({ metadata: { namespace: twin.name, name: claim } }));
  };

  const observe = (uid: string): World => {
    const wish = volumes.get(clusterID, uid)?.data;
    const source = wish?.namespace ?? "";
    const twin = session.twin(source);
    return {
      wish,
      uid,
      shadow: find(source, (s) => s.spec.originUID === uid),
      nameHeld:
        find(source, (s) => s.metadata.name === wish?.claim && s.spec.originUID !== uid) !== undefined,
      offloaded: twin !== undefined,
      known: (twin?.claims.hasSynced ?? false) && session.health.current().ok,
      peer: session.peer,
    };
  };

  const perform = async (w: World, namespace: string, e: Effect): Promise<void> => {
    const name = (e.do === "create" ? undefined : w.shadow?.metadata.name) ?? w.wish?.claim ?? "";
    try {
      switch (e.do) {
        case "create":
          await kube.create(
            shadowClaims,
            make(shadowClaims, {
              metadata: { name, namespace, labels: { [ORIGIN]: local.clusterID } },
              spec: e.spec,
            }),
            { signal },
          );
          break;
        case "patch":
          await kube.patch(
            shadowClaims,
            name,
            namespace,
            { metadata: { uid: e.uid }, spec: e.spec },
            { signal },
          );
          break;
        case "delete":
          await kube.delete(shadowClaims, name, namespace, { uid: e.uid, signal });
          break;
      }
    } catch (err) {
      if (!isAlreadyExists(err) && !isNotFound(err)) throw err; // the cache will tell, or the twin is going
    }
  };

  const say = (w: World, answer: NonNullable<Plan["answer"]>): Promise<void> =>
    local.bus.publish(
      "claim",
      { peer: clusterID, id: w.uid },
      { clusterId: clusterID, namespace: w.wish?.namespace ?? "", claim: w.wish?.claim ?? "", ...answer },
    );

  const reconcile: Reconcile = async (uid) => {
    const w = observe(uid);
    const plan = decide(w);
    const namespace = session.twinNamespace(w.wish?.namespace ?? "") ?? "";
    try {
      for (const e of plan.effects) await perform(w, namespace, e);
    } catch (err) {
      if (!isInvalid(err) && !isForbidden(err)) throw err;
      await say(w, {
        state: "REFUSED",
        reason: "ProviderRefused",
        message: describeError(err).slice(0, 1024),
      });
      return { requeueAfterMs: REFUSED_MS };
    }
    if (plan.answer) await say(w, plan.answer);
    return plan.recheckMs === undefined ? {} : { requeueAfterMs: plan.recheckMs };
  };

  const controller: Controller = startController({
    name: "claims",
    reconcile,
    workers: 32,
    log: session.log,
    metrics: local.metrics,
    signal,
  });
  const stop = volumes.onChange((f) => {
    if (f.peer === clusterID && f.id) controller.enqueue(f.id);
  });
  signal.addEventListener("abort", stop, { once: true });

  const resync = (source?: string): void => {
    for (const f of volumes.list())
      if (f.peer === clusterID && f.id && (source === undefined || f.data.namespace === source))
        controller.enqueue(f.id);
  };
  return {
    resync,
    onShadow: (source, shadow) => (shadow ? controller.enqueue(shadow.spec.originUID) : resync(source)),
    regionsOf: (pod) => {
      const twin = session.twin(pod.metadata.namespace ?? "");
      const rules = claimsOf(pod).flatMap((claim) => {
        const shadow = twin?.claims.get(keyOf({ metadata: { namespace: twin.name, name: claim } }));
        return shadow?.spec.regions ? [shadow.spec.regions] : [];
      });
      const [first, ...others] = rules;
      return first?.filter((r) => others.every((rule) => rule.includes(r)));
    },
    areWaiting: (pod) => claimsOf(pod).every((claim) => shadowOf(pod, claim)?.status?.phase === "Accepted"),
    missing: (pod) => {
      for (const claim of claimsOf(pod)) {
        const shadow = shadowOf(pod, claim);
        const phase = shadow?.status?.phase;
        if (
          shadow &&
          shadow.metadata.deletionTimestamp === undefined &&
          (phase === "Accepted" || phase === "Bound")
        )
          continue;
        const why = shadow?.status?.conditions?.find((c) => c.type === "Ready")?.message;
        return {
          claim,
          message: shadow
            ? `claim ${claim} is not ready at ${session.peer}: ${why ?? "not answered yet"}`
            : `claim ${claim} has no volume at ${session.peer}: only claims of a virtual storage class cross`,
        };
      }
      return undefined;
    },
  };
};

import {
  type ConditionInput,
  ORIGIN,
  sameConditions,
  type ShadowEndpointSlice,
  shadowEndpointSlices,
} from "@tideway/api";
import type { Reconcile } from "@tideway/controller";
import { describeError, isAlreadyExists, isInvalid, isNotFound } from "@tideway/errors";
import {
  type EndpointSlice,
  endpointSlices,
  type Informer,
  type Kube,
  type Namespace,
  type ObjectMeta,
  splitKey,
} from "@tideway/k8s";
import type { NetworkView } from "../../network/networks.ts";
import { create, replace } from "../../pods/requests.ts";
import { type Clock, nowIso } from "../../ports.ts";
import { CONTENT } from "../../reflection/names.ts";
import { FIELD_MANAGER } from "../labels.ts";
import { decide, nextConditions, type Plan, type Slice } from "./decide.ts";
import { hashOf, sliceName, sliceOf } from "./manifests.ts";

export interface EndpointSliceDeps {
  kube: Kube;
  clock: Clock;
  shadows: Informer<ShadowEndpointSlice>;
  /** Metadata of those that this service has made, indexed by "namespace". */
  slices: Informer<EndpointSlice>;
  twins: Informer<Namespace>;
  networks: NetworkView;
  owns(clusterID: string): boolean;
}

/** A `True` is not what anybody waits for: it is said when no slice was written for so long, in ms. */
const TELL_LATER_MS = 2_000;
/** But not later than this, however long a burst lasts, in ms. */
const TELL_AT_LAST_MS = 20_000;
/** A slice whose name somebody else holds is tried again after this, in ms. */
const TAKEN_RETRY_MS = 30_000;

export interface EndpointSliceReconciler {
  reconcile: Reconcile;
  /** The cache has an event of the slice. */
  seen(key: string, slice: Readonly<EndpointSlice> | undefined): void;
}

/** Keys are `namespace/name` of ShadowEndpointSlices. */
export const makeEndpointSliceReconciler = (d: EndpointSliceDeps): EndpointSliceReconciler => {
  /** By key of the slice: what we wrote and the cache may not show yet. */
  const written = new Map<string, { hash: string; version: string | undefined; owner: string }>();
  /** By key of the shadow: since when its `True` waits to be said. */
  const waiting = new Map<string, number>();
  /** When a slice was written last, whichever. */
  let writtenAt = -Infinity;

  const hasOf = (key: string, shadow: Readonly<ShadowEndpointSlice>): { hash?: string; uid?: string } => {
    const slice = d.slices.get(key);
    const mine = written.get(key);
    if (mine) return mine.owner === shadow.metadata.uid ? { hash: mine.hash } : {};
    const owner = slice?.metadata.ownerReferences?.[0]?.uid;
    const hash = owner === shadow.metadata.uid ? slice?.metadata.annotations?.[CONTENT] : undefined;
    return hash === undefined ? {} : { hash };
  };

  /** One request: the name makes it idempotent. */
  const write = async (
    shadow: Readonly<ShadowEndpointSlice>,
    wanted: EndpointSlice,
    signal: AbortSignal,
  ): Promise<ObjectMeta | "taken" | "gone"> => {
    const key = `${wanted.metadata.namespace}/${wanted.metadata.name}`;
    try {
      if (d.slices.get(key) || written.has(key)) return await replace(d.kube, endpointSlices, wanted, signal);
      return await create(d.kube, endpointSlices, wanted, signal);
    } catch (err) {
      if (isNotFound(err)) {
        written.delete(key);
        return "gone";
      }
      if (isInvalid(err) && d.slices.get(key)) {
        // The family of addresses cannot change.
        await d.kube.delete(endpointSlices, wanted.metadata.name, shadow.metadata.namespace, { signal });
        return create(d.kube, endpointSlices, wanted, signal);
      }
      if (!isAlreadyExists(err)) throw err;
      const found = await d.kube.find(endpointSlices, wanted.metadata.name, shadow.metadata.namespace, {
        signal,
      });
      if (found?.metadata.ownerReferences?.[0]?.kind !== "ShadowEndpointSlice") return "taken";
      return replace(d.kube, endpointSlices, wanted, signal);
    }
  };

  const put = async (
    shadow: Readonly<ShadowEndpointSlice>,
    slice: Slice,
    origin: string,
    signal: AbortSignal,
  ): Promise<"ok" | "taken" | "gone" | { invalid: string }> => {
    const key = `${shadow.metadata.namespace ?? ""}/${sliceName(shadow.metadata.name)}`;
    const hash = hashOf(slice);
    if (hasOf(key, shadow).hash === hash) return "ok";
    let meta: Awaited<ReturnType<typeof write>>;
    try {
      meta = await write(shadow, sliceOf(shadow, slice, origin), signal);
    } catch (err) {
      if (isInvalid(err)) return { invalid: describeError(err) }; // a new spec, and only that, can help
      throw err;
    }
    if (typeof meta === "string") return meta;
    writtenAt = d.clock.now();
    written.set(key, { hash, version: meta.resourceVersion, owner: shadow.metadata.uid ?? "" });
    return "ok";
  };

  const remove = async (namespace: string, name: string, signal: AbortSignal): Promise<void> => {
    const key = `${namespace}/${sliceName(name)}`;
    const slice = d.slices.get(key);
    if (!slice?.metadata.uid && !written.has(key)) return;
    const uid = slice?.metadata.uid;
    await d.kube.delete(endpointSlices, sliceName(name), namespace, { ...(uid ? { uid } : {}), signal });
    written.delete(key);
  };

  const report = async (
    shadow: Readonly<ShadowEndpointSlice>,
    c: ConditionInput,
    served: number,
    signal: AbortSignal,
  ): Promise<void> => {
    const conditions = nextConditions(shadow, c, nowIso(d.clock));
    const { name, namespace, uid, generation } = shadow.metadata;
    try {
      await d.kube.apply(
        shadowEndpointSlices,
        {
          metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
          status: {
            conditions,
            endpoints: served,
            ...(generation ? { observedGeneration: generation } : {}),
          },
        },
        { fieldManager: FIELD_MANAGER, subresource: "status", signal },
      );
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  };

  const tell = async (
    key: string,
    shadow: Readonly<ShadowEndpointSlice>,
    plan: Plan & { condition: ConditionInput },
    signal: AbortSignal,
  ): Promise<number | undefined> => {
    const { status } = shadow;
    const next = nextConditions(shadow, plan.condition, nowIso(d.clock));
    if (sameConditions(status?.conditions, next) && status?.endpoints === plan.served) {
      waiting.delete(key);
      return undefined;
    }
    const now = d.clock.now();
    const since = waiting.get(key) ?? now;
    const quietSince = Math.max(since, Math.min(writtenAt, since + TELL_AT_LAST_MS - TELL_LATER_MS));
    const wait = TELL_LATER_MS - (now - quietSince);
    if (plan.condition.status === "True" && wait > 0) {
      waiting.set(key, since);
      return wait;
    }
    waiting.delete(key);
    await report(shadow, plan.condition, plan.served, signal);
    return undefined;
  };

  const reconcile: Reconcile = async (key, { signal }) => {
    const { namespace = "", name } = splitKey(key);
    const twin = d.twins.get(namespace);
    const origin = twin?.metadata.labels?.[ORIGIN] ?? "";
    if (!twin || twin.metadata.deletionTimestamp !== undefined || !d.owns(origin)) return {};
    const shadow = d.shadows.get(key);
    const sliceKey = `${namespace}/${sliceName(name)}`;
    const exists = d.slices.get(sliceKey) !== undefined || written.has(sliceKey);
    const plan = decide({
      shadow,
      networks: d.networks.of(origin),
      ended: d.networks.isGone(origin),
      exists,
      others: d.slices.byIndex("namespace", namespace).length - (d.slices.get(sliceKey) ? 1 : 0),
    });
    let { condition } = plan;
    if (plan.slice === "none") await remove(namespace, name, signal);
    else if (plan.slice !== "keep" && shadow) {
      const outcome = await put(shadow, plan.slice, origin, signal);
      if (outcome === "gone") return { requeueAfterMs: 0 };
      if (typeof outcome === "object" && condition) {
        const message = outcome.invalid.slice(0, 1024);
        condition = { ...condition, status: "False", reason: "SliceInvalid", message };
        await tell(key, shadow, { ...plan, condition, served: 0 }, signal);
        return {};
      }
      if (outcome === "taken" && condition) {
        const message = `EndpointSlice ${sliceName(name)} exists here and was not made for this; it is left alone`;
        condition = { ...condition, status: "False", reason: "NameTaken", message };
        await tell(key, shadow, { ...plan, condition, served: 0 }, signal);
        return { requeueAfterMs: TAKEN_RETRY_MS };
      }
    }
    if (!shadow || !condition) {
      waiting.delete(key);
      return {};
    }
    const wait = await tell(key, shadow, { ...plan, condition }, signal);
    return wait === undefined ? {} : { requeueAfterMs: wait };
  };

  return {
    reconcile,
    seen: (key, slice) => {
      const mine = written.get(key);
      if (!mine) return;
      if (!slice || Number(slice.metadata.resourceVersion ?? 0) >= Number(mine.version ?? 0))
        written.delete(key);
    },
  };
};

import { createHash } from "node:crypto";
import {
  type ConditionInput,
  mergeConditions,
  sameConditions,
  setCondition,
  type ShadowPod,
  shadowPods,
} from "@tideway/api";
import { describeError, isAlreadyExists, isForbidden, isInvalid, isNotFound } from "@tideway/errors";
import { events, type Kube, type Pod, pods } from "@tideway/k8s";
import { type Clock, nowIso } from "../../ports.ts";
import { create } from "../../pods/requests.ts";
import { FIELD_MANAGER, POD_FINALIZER } from "../labels.ts";
import { condition, type Ended, ownerOf, type Phase } from "./decide.ts";

export interface PerformDeps {
  kube: Kube;
  clock: Clock;
  signal: AbortSignal;
  /** A peer was refused something: for the audit. */
  refused(shadow: Readonly<ShadowPod>, reason: string, message: string): void;
}

/** `made`: it stands. `retry`: an older pod of the name is still going. */
export type Created =
  { outcome: "made" | "retry" } | { outcome: "refused"; phase: Phase; condition: ConditionInput };

const whoHoldsTheName = async (d: PerformDeps, shadow: Readonly<ShadowPod>): Promise<Created> => {
  const found = await d.kube.find(pods, shadow.metadata.name, shadow.metadata.namespace, d);
  const owner = found && ownerOf(found);
  if (owner === shadow.metadata.uid) return { outcome: "made" };
  if (!found || owner !== undefined) return { outcome: "retry" };
  const message = `pod ${shadow.metadata.name} exists here and was not made for this ShadowPod; it is left alone`;
  return { outcome: "refused", phase: "Pending", condition: condition(shadow, "NameTaken", message) };
};

/** One request, whatever the outcome of an earlier attempt was: the name makes it idempotent. */
export const createPod = async (
  d: PerformDeps,
  shadow: Readonly<ShadowPod>,
  pod: Pod,
  retryMs: number,
): Promise<Created> => {
  try {
    await create(d.kube, pods, pod, d.signal);
    return { outcome: "made" };
  } catch (err) {
    if (isAlreadyExists(err)) return whoHoldsTheName(d, shadow);
    if (isNotFound(err)) return { outcome: "retry" }; // the namespace is going
    const refused = (phase: Phase, reason: string, next: string): Created => ({
      outcome: "refused",
      phase,
      condition: condition(shadow, reason, `${describeError(err)}${next}`),
    });
    if (isForbidden(err))
      return refused("Pending", "PodRejected", `; next attempt in ${Math.round(retryMs / 1000)} s`);
    if (isInvalid(err)) return refused("Failed", "PodInvalid", "");
    throw err;
  }
};

/** True when the server knows no ShadowPod with this UID under the name. */
export const isOrphan = async (
  d: PerformDeps,
  namespace: string,
  name: string,
  owner: string,
): Promise<boolean> => {
  const shadow = await d.kube.find(shadowPods, name, namespace, d);
  return shadow?.metadata.uid !== owner;
};

/** Lets the pod go. `uid` keeps a later pod of the name out of it. */
export const releasePod = async (
  d: PerformDeps,
  namespace: string,
  name: string,
  uid: string,
): Promise<void> => {
  const patch = { metadata: { uid, "$deleteFromPrimitiveList/finalizers": [POD_FINALIZER] } };
  try {
    await d.kube.patch(pods, name, namespace, patch, {
      type: "strategic",
      fieldManager: FIELD_MANAGER,
      signal: d.signal,
    });
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
};

/** An Event at the pod's name, where the consumer's reflection of events looks. Its name makes it idempotent. */
export const tellEvent = async (
  d: PerformDeps,
  shadow: Readonly<ShadowPod>,
  reason: string,
  message: string,
): Promise<void> => {
  const { name, namespace, uid } = shadow.metadata;
  const digest = createHash("sha256").update(`${uid}/${reason}/${message}`).digest("hex").slice(0, 16);
  const at = nowIso(d.clock);
  const involvedObject = {
    apiVersion: "v1",
    kind: "Pod",
    name,
    ...(namespace ? { namespace } : {}),
    uid: shadow.spec.originUID,
  };
  try {
    await d.kube.create(
      events,
      {
        metadata: { name: `${name.slice(0, 200)}.${digest}`, ...(namespace ? { namespace } : {}) },
        involvedObject,
        reason,
        message: message.slice(0, 1024),
        type: "Warning",
        source: { component: "tideway-virtual-kubelet" },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      },
      { signal: d.signal },
    );
  } catch (err) {
    if (!isAlreadyExists(err) && !isNotFound(err) && !isForbidden(err)) throw err; // a namespace that goes takes no events
  }
};

/** Reasons by which a peer does not get what it asks for; the others say how a pod of its went. */
const DENIALS: ReadonlySet<string> = new Set([
  "FieldRefused",
  "PolicyRefused",
  "QuotaExceeded",
  "NoOffer",
  "PoolNotOffered",
  "PodRejected",
  "PodInvalid",
  "NameTaken",
]);

/** Writes phase and condition where they say something new; a `False` is also told by an Event. */
export const report = async (
  d: PerformDeps,
  shadow: Readonly<ShadowPod>,
  phase: Phase,
  c: ConditionInput,
): Promise<void> => {
  const next = [setCondition(shadow.status?.conditions, c, nowIso(d.clock))];
  const conditions = mergeConditions(shadow.status?.conditions, next);
  if (shadow.status?.phase === phase && sameConditions(shadow.status.conditions, conditions)) return;
  const { name, namespace, uid, generation } = shadow.metadata;
  try {
    await d.kube.apply(
      shadowPods,
      {
        metadata: { name, ...(namespace ? { namespace } : {}), ...(uid ? { uid } : {}) },
        status: { phase, conditions, ...(generation ? { observedGeneration: generation } : {}) },
      },
      { fieldManager: FIELD_MANAGER, subresource: "status", signal: d.signal },
    );
  } catch (err) {
    if (!isNotFound(err)) throw err; // gone meanwhile: nobody is left to be told
    return;
  }
  if (c.status !== "False") return;
  if (DENIALS.has(c.reason)) d.refused(shadow, c.reason, c.message);
  await tellEvent(d, shadow, c.reason, c.message);
};

export const conclude = (d: PerformDeps, shadow: Readonly<ShadowPod>, e: Ended): Promise<void> =>
  report(d, shadow, e.phase, condition(shadow, e.reason, e.message));

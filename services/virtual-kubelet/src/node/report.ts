import { createHash } from "node:crypto";
import {
  type ConditionInput,
  type Condition,
  findCondition,
  foreignClusters,
  sameConditions,
  setCondition,
  type VirtualNode,
  virtualNodes,
} from "@tideway/api";
import { isAlreadyExists, isForbidden, isNotFound } from "@tideway/errors";
import { events, type Kube } from "@tideway/k8s";
import type { FactOf } from "@tideway/protos";
import { type Clock, nowIso } from "../ports.ts";
import { FIELD_MANAGER } from "./manifests.ts";
import type { OfferWord } from "./offer.ts";

export interface ReportDeps {
  kube: Kube;
  clock: Clock;
  signal: AbortSignal;
}

/** Our one condition on the ForeignCluster, written when it says something new. */
export const createForeignClusterReport = (d: ReportDeps) => {
  const last = new Map<string, Condition[]>();
  return async (name: string, c: ConditionInput): Promise<void> => {
    try {
      // Asked once a process and peer, so that the time of the last transition survives us.
      const before =
        last.get(name) ??
        (await d.kube.get(foreignClusters, name, undefined, d)).status?.conditions?.filter(
          (x) => x.type === c.type,
        ) ??
        [];
      const next = [setCondition(before, c, nowIso(d.clock))];
      last.set(name, next);
      if (sameConditions(before, next)) return;
      await d.kube.apply(
        foreignClusters,
        { metadata: { name }, status: { conditions: next } },
        { fieldManager: FIELD_MANAGER, subresource: "status", signal: d.signal },
      );
    } catch (err) {
      last.delete(name);
      if (!isNotFound(err)) throw err;
    }
  };
};

export const reportVirtualNode = async (
  d: ReportDeps,
  vn: Readonly<VirtualNode>,
  ready: boolean,
  reason: string,
  message: string,
): Promise<void> => {
  const { name, uid, generation } = vn.metadata;
  const c: ConditionInput = {
    type: "Ready",
    status: ready ? "True" : "False",
    reason,
    message,
    ...(generation ? { observedGeneration: generation } : {}),
  };
  const conditions = [setCondition(vn.status?.conditions, c, nowIso(d.clock))];
  if (
    sameConditions(
      vn.status?.conditions?.filter((x) => x.type === "Ready"),
      conditions,
    ) &&
    vn.status?.nodeName === name
  )
    return;
  try {
    await d.kube.apply(
      virtualNodes,
      {
        metadata: { name, ...(uid ? { uid } : {}) },
        status: { nodeName: name, conditions, ...(generation ? { observedGeneration: generation } : {}) },
      },
      { fieldManager: FIELD_MANAGER, subresource: "status", signal: d.signal },
    );
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
};

const WORDS = {
  READY: "NodeReady",
  NOT_READY: "NodeNotReady",
  DRAINING: "NodeDraining",
  GONE: "NodeRemoved",
} as const;

/** Says a node's new state as an Event, once. `before`: what was said before this process knew the node. */
export const makeTeller = (d: ReportDeps) => {
  const last = new Map<string, keyof typeof WORDS>();
  return async (
    node: string,
    fact: { state: FactOf["node"]["state"]; reason: string },
    before: FactOf["node"]["state"] | undefined,
  ): Promise<void> => {
    const { state, reason } = fact;
    const known = last.get(node) ?? before;
    if (state === "GONE") last.delete(node);
    else last.set(node, state);
    if (known === state) return;
    const type = state === "NOT_READY" ? "Warning" : "Normal";
    await tellNode(d, node, type, WORDS[state], `virtual node ${node}: ${reason}`);
  };
};

/**
 * Says what the provider does to the offer behind a node, as Events at the node and at the ForeignCluster, once for each
 * new word. After a restart what goes on is said again.
 */
export const makeOfferTeller = (d: ReportDeps) => {
  const last = new Map<string, OfferWord>();
  return async (peer: string, node: string, word: OfferWord | undefined): Promise<void> => {
    const before = last.get(node);
    if (before?.reason === word?.reason && before?.message === word?.message) return;
    if (word && word.reason !== "OfferEnded") last.set(node, word);
    else last.delete(node);
    const now = word ?? {
      reason: "OfferStands",
      message: "the provider does not take the offer back any more",
    };
    const type = word ? "Warning" : "Normal";
    const fc = await d.kube.find(foreignClusters, peer, undefined, d);
    const about = {
      apiVersion: "discovery.tideway.dev/v1alpha1",
      kind: "ForeignCluster",
      name: peer,
      ...(fc?.metadata.uid ? { uid: fc.metadata.uid } : {}),
    };
    await Promise.all([
      tellNode(d, node, type, now.reason, now.message),
      fc && tellEvent(d, about, type, now.reason, `node ${node}: ${now.message}`),
    ]);
  };
};

/** An Event at the node, for `kubectl describe node`. */
export const tellNode = (
  d: ReportDeps,
  node: string,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
): Promise<void> =>
  // The uid of a node in events is its name, by old custom; kubectl describe looks for that.
  tellEvent(d, { kind: "Node", apiVersion: "v1", name: node, uid: node }, type, reason, message);

const tellEvent = async (
  d: ReportDeps,
  about: { kind: string; apiVersion: string; name: string; uid?: string },
  type: "Normal" | "Warning",
  reason: string,
  message: string,
): Promise<void> => {
  const at = nowIso(d.clock);
  const digest = createHash("sha256")
    .update(`${at}/${about.kind}/${reason}/${message}`)
    .digest("hex")
    .slice(0, 16);
  try {
    await d.kube.create(
      events,
      {
        metadata: { name: `${about.name}.${digest}`, namespace: "default" },
        involvedObject: about,
        reason,
        message: message.slice(0, 1024),
        type,
        source: {
          component: "tideway-virtual-kubelet",
          ...(about.kind === "Node" ? { host: about.name } : {}),
        },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      },
      { signal: d.signal },
    );
  } catch (err) {
    if (!isAlreadyExists(err) && !isForbidden(err) && !isNotFound(err)) throw err;
  }
};

export const readyOf = (vn: Readonly<VirtualNode> | undefined): Condition | undefined =>
  findCondition(vn?.status?.conditions, "Ready");

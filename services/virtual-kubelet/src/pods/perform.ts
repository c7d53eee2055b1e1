import { createHash } from "node:crypto";
import { HELD, ORIGIN, type ShadowPod, shadowPods } from "@tideway/api";
import {
  describeError,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
} from "@tideway/errors";
import { events, type Pod, pods } from "@tideway/k8s";
import { type ApiServerAccess, forwardedHash, toShadowPodSpec } from "@tideway/podspec";
import { wantsApiServer } from "../network/api-server.ts";
import type { NetworkView } from "../network/networks.ts";
import type { Session } from "../peers/session.ts";
import { type Clock, type Local, nowIso } from "../ports.ts";
import type { Chosen } from "./chosen.ts";
import type { Effect } from "./decide.ts";
import { create, patch } from "./requests.ts";
import { endedStatus } from "./status.ts";

/** Annotation of a ShadowPod: hash of what is forwarded to it when it changes. */
export const FORWARDED = "offloading.tideway.dev/forwarded";
/** A refusal that may pass (a quota, a policy, a role not bound yet) is tried again after this. */
const REFUSED_RETRY_MS = 5_000;

/** A pod that waits for the way to our API server; the network's word wakes it too. */
const NETWORK_RETRY_MS = 1_000;

export interface Deps {
  local: Local;
  session: Session;
  clock: Clock;
  /** ConfigMaps, Secrets and tokens that the pod refers to are at the provider. */
  prepare: (pod: Readonly<Pod>) => Promise<void>;
  networks: NetworkView;
  /** The pod's way to this cluster's API server; undefined while there is none. */
  apiServer: (pod: Readonly<Pod>) => Promise<ApiServerAccess | undefined>;
  /** What the pod's claims wait for; undefined: the provider has accepted them all. */
  missingClaim: (pod: Readonly<Pod>) => { message: string } | undefined;
  /** Regions of the provider that the pod's data may lie in; undefined: any. */
  regionsOf: (pod: Readonly<Pod>) => string[] | undefined;
  /** Pods that are about to be bound to the node. */
  chosen: Chosen;
  /** What was brought for a pod (of this key) may go. */
  unprepare: (key: string) => void;
  /** VirtualNode.spec.unreachable of the node is Hold. */
  hold: (nodeName: string | undefined) => boolean;
}

export interface Done {
  /** A ShadowPod stands for the pod, though the cache may not show it yet. */
  created?: true;
  /** The local pod has this version now. */
  version?: string | undefined;
  requeueAfterMs?: number;
}

const say = (text: string): string => text.slice(0, 1024);

/** A Warning at the pod. Its name is made of what it says, so that saying it again changes nothing. */
const tell = async (d: Deps, pod: Readonly<Pod>, reason: string, message: string): Promise<void> => {
  const { name, namespace = "", uid } = pod.metadata;
  const digest = createHash("sha256").update(`${uid}/${reason}/${message}`).digest("hex").slice(0, 16);
  const at = nowIso(d.clock);
  try {
    await create(
      d.local.kube,
      events,
      {
        metadata: { name: `${name.slice(0, 230)}.${digest}`, namespace },
        involvedObject: { apiVersion: "v1", kind: "Pod", name, namespace, ...(uid ? { uid } : {}) },
        reason,
        message: say(message),
        type: "Warning",
        source: { component: `tideway/${d.session.peer}` },
        firstTimestamp: at,
        lastTimestamp: at,
        count: 1,
      },
      d.session.signal,
    );
  } catch (err) {
    if (!isAlreadyExists(err) && !isNotFound(err) && !isForbidden(err)) throw err; // a namespace that goes takes no events
  }
};

const writeStatus = async (d: Deps, pod: Readonly<Pod>, change: Record<string, unknown>): Promise<Done> => {
  const { name, namespace = "", uid } = pod.metadata;
  const body = { metadata: { uid }, status: change };
  try {
    const meta = await patch(d.local.kube, pods, namespace, name, body, {
      signal: d.session.signal,
      type: "strategic",
      subresource: "status",
    });
    return { version: meta.resourceVersion };
  } catch (err) {
    if (isNotFound(err) || isConflict(err)) return {}; // gone, or another pod of the name: the cache will tell
    throw err;
  }
};

/** The name is held: by us already, or by the ShadowPod of an older pod, which has to go first. */
const takeName = async (d: Deps, pod: Readonly<Pod>, twin: string): Promise<Done> => {
  const found = await d.session.kube.find(shadowPods, pod.metadata.name, twin, { signal: d.session.signal });
  if (found?.spec.originUID === pod.metadata.uid) return { created: true };
  if (found?.metadata.uid)
    await d.session.kube.delete(shadowPods, pod.metadata.name, twin, {
      uid: found.metadata.uid,
      signal: d.session.signal,
    });
  return { requeueAfterMs: 50 };
};

const refused = async (d: Deps, pod: Readonly<Pod>, err: unknown): Promise<Done> => {
  const message = say(describeError(err));
  if (isInvalid(err)) {
    await tell(d, pod, "ProviderRefused", message);
    return writeStatus(d, pod, endedStatus("Failed", "ProviderRefused", message, nowIso(d.clock)));
  }
  if (pod.status?.message !== message) {
    await tell(d, pod, "ProviderRefused", message);
    await writeStatus(d, pod, { reason: "ProviderRefused", message });
  }
  return { requeueAfterMs: REFUSED_RETRY_MS };
};

const wayHome = async (d: Deps, pod: Readonly<Pod>): Promise<ApiServerAccess | undefined | "none"> =>
  wantsApiServer(pod) ? ((await d.apiServer(pod)) ?? "none") : undefined;

const createShadow = async (d: Deps, pod: Readonly<Pod>, held: boolean): Promise<Done> => {
  const { name, namespace = "" } = pod.metadata;
  const twin = d.session.twinNamespace(namespace);
  if (!twin) return {};
  const [apiServer] = await Promise.all([wayHome(d, pod), d.prepare(pod)]);
  if (apiServer === "none") {
    const message = `the pod asks for this cluster's API server, and ${d.session.peer} has no way to it (yet)`;
    if (pod.status?.message !== message) await writeStatus(d, pod, { reason: "NoWayToApiServer", message });
    return { requeueAfterMs: NETWORK_RETRY_MS };
  }
  const pool = d.session.poolOf(pod.spec?.nodeName);
  const shadow = {
    metadata: {
      name,
      namespace: twin,
      labels: { [ORIGIN]: d.local.clusterID, ...(held ? { [HELD]: "true" } : {}) },
      annotations: { [FORWARDED]: forwardedHash(pod) },
    },
    spec: {
      ...toShadowPodSpec(pod, { apiServer, regions: d.regionsOf(pod) }),
      ...(pool ? { pool } : {}),
    },
  } as ShadowPod;
  try {
    await create(d.session.kube, shadowPods, shadow, d.session.signal);
    return { created: true };
  } catch (err) {
    if (isAlreadyExists(err)) return takeName(d, pod, twin);
    if (isNotFound(err)) return { requeueAfterMs: 1_000 }; // the twin is going; its NamespaceMap will say so
    if (isInvalid(err) || isForbidden(err)) return held ? {} : refused(d, pod, err); // said when the pod is bound
    throw err;
  }
};

const forward = async (d: Deps, pod: Readonly<Pod>): Promise<Done> => {
  const { name, namespace = "" } = pod.metadata;
  const twin = d.session.twinNamespace(namespace);
  if (!twin) return {};
  const apiServer = await wayHome(d, pod);
  if (apiServer === "none") return { requeueAfterMs: NETWORK_RETRY_MS };
  const { pod: spec, podLabels, podAnnotations } = toShadowPodSpec(pod, { apiServer });
  const { containers, initContainers, activeDeadlineSeconds } = spec;
  // A JSON patch, because a merge patch would keep labels that are not said any more.
  const body = [
    {
      op: "add",
      path: `/metadata/annotations/${FORWARDED.replaceAll("/", "~1")}`,
      value: forwardedHash(pod),
    },
    { op: "add", path: "/spec/podLabels", value: podLabels ?? {} },
    { op: "add", path: "/spec/podAnnotations", value: podAnnotations ?? {} },
    { op: "add", path: "/spec/pod/containers", value: containers },
    ...(initContainers ? [{ op: "add", path: "/spec/pod/initContainers", value: initContainers }] : []),
    ...(activeDeadlineSeconds !== undefined
      ? [{ op: "add", path: "/spec/pod/activeDeadlineSeconds", value: activeDeadlineSeconds }]
      : []),
  ];
  try {
    await d.session.kube.patch(shadowPods, name, twin, body, { type: "json", signal: d.session.signal });
  } catch (err) {
    if (isInvalid(err) || isForbidden(err)) {
      await tell(d, pod, "ProviderRefused", describeError(err));
      return { requeueAfterMs: 60_000 };
    }
    if (!isNotFound(err)) throw err;
  }
  return {};
};

const letRun = async (d: Deps, pod: Readonly<Pod>, uid: string): Promise<Done> => {
  const { name, namespace = "" } = pod.metadata;
  const twin = d.session.twinNamespace(namespace);
  if (!twin) return {};
  try {
    await patch(
      d.session.kube,
      shadowPods,
      twin,
      name,
      { metadata: { uid, labels: { [HELD]: null } } },
      { signal: d.session.signal, type: "merge" },
    );
  } catch (err) {
    if (!isNotFound(err) && !isConflict(err)) throw err; // gone, or another one of the name
  }
  return {};
};

/** Two watches tell of a pod that is bound, and either may speak first: the server knows. */
const callBack = async (
  d: Deps,
  { namespace, name }: { namespace: string; name: string },
  e: Effect & { do: "callBack" },
): Promise<Done> => {
  const { kube } = d.local;
  const { signal } = d.session;
  const pod = await kube.find(pods, name, namespace, { signal });
  const isBound = pod?.metadata.uid === e.originUID && d.session.nodeNames.includes(pod.spec?.nodeName ?? "");
  if (isBound) return {};
  d.unprepare(`${namespace}/${name}`);
  return deleteShadow(d, namespace, name, { do: "deleteShadow", uid: e.uid });
};

const deleteShadow = async (
  d: Deps,
  namespace: string,
  name: string,
  e: Effect & { do: "deleteShadow" },
): Promise<Done> => {
  const twin = d.session.twinNamespace(namespace);
  if (!twin) return {};
  const { signal } = d.session;
  if (e.gracePeriodSeconds !== undefined) {
    const body = { metadata: { uid: e.uid }, spec: { gracePeriodSeconds: e.gracePeriodSeconds } };
    try {
      await patch(d.session.kube, shadowPods, twin, name, body, { signal, type: "merge" });
    } catch (err) {
      if (isNotFound(err) || isConflict(err)) return {};
      if (!isInvalid(err) && !isForbidden(err)) throw err; // then with the grace of the spec
    }
  }
  await d.session.kube.delete(shadowPods, name, twin, { uid: e.uid, signal });
  return {};
};

/** One effect; each may be repeated at any time. */
export const perform = async (
  d: Deps,
  key: { namespace: string; name: string },
  pod: Readonly<Pod> | undefined,
  e: Effect,
): Promise<Done> => {
  switch (e.do) {
    case "createShadow":
      return pod ? createShadow(d, pod, e.held ?? false) : {};
    case "letRun":
      return pod ? letRun(d, pod, e.uid) : {};
    case "callBack":
      return callBack(d, key, e);
    case "forward":
      return pod ? forward(d, pod) : {};
    case "tolerate": {
      if (!pod) return {};
      const body = [
        { op: "test", path: "/metadata/uid", value: e.uid },
        { op: "add", path: "/spec/tolerations", value: e.tolerations },
      ];
      await d.local.kube.patch(pods, key.name, key.namespace, body, {
        type: "json",
        signal: d.session.signal,
      });
      return {};
    }
    case "deleteShadow":
      return deleteShadow(d, key.namespace, key.name, e);
    case "status": {
      if (!pod) return {};
      if (e.event) await tell(d, pod, e.event.reason, e.event.message);
      return writeStatus(d, pod, e.change);
    }
    case "finish":
      await d.local.kube.delete(pods, key.name, key.namespace, {
        uid: e.uid,
        gracePeriodSeconds: 0,
        signal: d.session.signal,
      });
      return {};
  }
};

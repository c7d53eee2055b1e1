import {
  type ConditionInput,
  type NamespaceOffloading,
  namespaceOffloadings,
  OFFLOADING,
  OFFLOADING_ENABLED,
  setCondition,
} from "@tideway/api";
import { isAlreadyExists, isForbidden, isNotFound } from "@tideway/errors";
import { type Kube, namespaces, type Pod, pods, roleBindings } from "@tideway/k8s";
import { type Clock, nowIso } from "../ports.ts";
import { FIELD_MANAGER } from "../node/manifests.ts";
import type { RemoteNamespace } from "./decide.ts";

export interface Deps {
  kube: Kube;
  clock: Clock;
  signal: AbortSignal;
  /** Namespace of the services, where our service account lives. */
  namespace: string;
}

/** ClusterRole in deploy/base/virtual-kubelet: read ConfigMaps and Secrets, request tokens. Bound only where pods are offloaded. */
export const REFLECT_ROLE = "tideway-virtual-kubelet-reflect";
const SERVICE_ACCOUNT = "virtual-kubelet";

/** True when it was made just now. */
export const bindReflection = async (d: Deps, namespace: string): Promise<void> => {
  try {
    await d.kube.create(
      roleBindings,
      {
        metadata: { name: REFLECT_ROLE, namespace, labels: { "app.kubernetes.io/managed-by": "tideway" } },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: REFLECT_ROLE },
        subjects: [{ kind: "ServiceAccount", name: SERVICE_ACCOUNT, namespace: d.namespace }],
      },
      { signal: d.signal },
    );
  } catch (err) {
    if (!isAlreadyExists(err)) throw err;
  }
};

export const unbindReflection = (d: Deps, namespace: string): Promise<void> =>
  d.kube.delete(roleBindings, REFLECT_ROLE, namespace, { signal: d.signal });

/** What admission selects namespaces by. A merge patch, because the namespace is somebody else's. */
export const label = async (d: Deps, namespace: string, on: boolean): Promise<void> => {
  const patch = { metadata: { labels: { [OFFLOADING]: on ? OFFLOADING_ENABLED : null } } };
  try {
    await d.kube.patch(namespaces, namespace, undefined, patch, {
      fieldManager: FIELD_MANAGER,
      signal: d.signal,
    });
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
};

/** Our finalizer, by a patch that fails when the object is another one than we saw. */
export const hold = async (
  d: Deps,
  o: Readonly<NamespaceOffloading>,
  finalizers: string[],
): Promise<void> => {
  const { name, namespace, uid, resourceVersion } = o.metadata;
  try {
    await d.kube.patch(
      namespaceOffloadings,
      name,
      namespace,
      { metadata: { uid, resourceVersion, finalizers } },
      { signal: d.signal },
    );
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
};

const sameRemote = (a: readonly RemoteNamespace[] | undefined, b: readonly RemoteNamespace[]): boolean => {
  const text = (list: readonly RemoteNamespace[]): string =>
    JSON.stringify(list.map((r) => [r.peer, r.namespace, r.ready, r.message ?? ""]).sort());
  return text(a ?? []) === text(b);
};

export const report = async (
  d: Deps,
  o: Readonly<NamespaceOffloading>,
  c: ConditionInput,
  remoteNamespaces: RemoteNamespace[],
): Promise<void> => {
  const now = o.status?.conditions?.find((x) => x.type === c.type);
  const same =
    now?.status === c.status &&
    now.reason === c.reason &&
    now.message === c.message &&
    now.observedGeneration === c.observedGeneration;
  if (same && sameRemote(o.status?.remoteNamespaces, remoteNamespaces)) return;
  const { name, namespace, uid, generation } = o.metadata;
  try {
    // Nobody else writes this status, so it is replaced; an apply would make null of a list that gets empty.
    const status = {
      conditions: [setCondition(o.status?.conditions, c, nowIso(d.clock))],
      remoteNamespaces,
      ...(generation ? { observedGeneration: generation } : {}),
    };
    await d.kube.patch(
      namespaceOffloadings,
      name,
      namespace,
      { metadata: { uid }, status },
      { subresource: "status", fieldManager: FIELD_MANAGER, signal: d.signal },
    );
  } catch (err) {
    if (!isNotFound(err)) throw err;
  }
};

/** Ends pods with their own grace; those already ending are left alone. */
export const drain = async (d: Deps, bound: readonly Readonly<Pod>[]): Promise<void> => {
  for (const pod of bound) {
    if (pod.metadata.deletionTimestamp !== undefined) continue;
    try {
      await d.kube.delete(pods, pod.metadata.name, pod.metadata.namespace, {
        ...(pod.metadata.uid ? { uid: pod.metadata.uid } : {}),
        signal: d.signal,
      });
    } catch (err) {
      if (!isForbidden(err)) throw err;
    }
  }
};

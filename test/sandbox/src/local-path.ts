import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kubectl } from "./addons.ts";
import { binaries } from "./binaries.ts";
import { startDaemon } from "./daemon.ts";
import { WORKLOAD_IMAGE } from "./images/system.ts";
import { API_PORT, type ClusterPlace, LOCAL_PATH_USER, type NodePlace } from "./layout.ts";
import { writeKubeconfig } from "./kubeconfig.ts";

/** The storage class that rancher's local-path-provisioner serves; the default of the sandbox's clusters. */
export const LOCAL_PATH_CLASS = "local-path";
const NAMESPACE = "local-path-storage";

/** Below a node's directory, so that volumes end with the sandbox and each node has a disk of its own. */
export const volumesOf = (n: Pick<NodePlace, "data">): string => join(n.data, "volumes");

const rule = (resources: string[], verbs: string[], apiGroups = [""]): object => ({
  apiGroups,
  resources,
  verbs,
});
const ALL = ["get", "list", "watch", "create", "patch", "update", "delete"];
const READ = ["get", "list", "watch"];
const helperPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "helper-pod" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "helper-pod", image: WORKLOAD_IMAGE, imagePullPolicy: "IfNotPresent" }],
  },
};

const objects = {
  apiVersion: "v1",
  kind: "List",
  items: [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "local-path-helper", namespace: NAMESPACE },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "local-path-provisioner" },
      rules: [
        rule(["nodes", "persistentvolumeclaims", "configmaps"], READ),
        rule(["persistentvolumes", "pods"], ALL),
        rule(["pods/log"], ["get"]),
        rule(["events"], ["create", "patch"]),
        rule(["storageclasses"], READ, ["storage.k8s.io"]),
        rule(["leases"], ALL, ["coordination.k8s.io"]),
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "local-path-provisioner" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "local-path-provisioner",
      },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: LOCAL_PATH_USER }],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "local-path-config", namespace: NAMESPACE },
      data: {
        setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        "helperPod.yaml": JSON.stringify(helperPod),
      },
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: LOCAL_PATH_CLASS,
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: "rancher.io/local-path",
      volumeBindingMode: "WaitForFirstConsumer",
      reclaimPolicy: "Delete",
    },
  ],
};

/** A process beside the control plane; its helper pods make and remove the directories on the nodes. */
export async function startLocalPath(
  p: ClusterPlace,
  nodes: readonly NodePlace[],
  k: Kubectl,
): Promise<void> {
  const first = nodes[0] as NodePlace;
  const file = (name: string): string => join(p.state, name);
  mkdirSync(p.logs, { recursive: true });
  for (const n of nodes) mkdirSync(volumesOf(n), { recursive: true });
  await k(["apply", "--server-side", "--force-conflicts", "-f", "-"], JSON.stringify(objects));
  writeKubeconfig(file("local-path.kubeconfig"), {
    cluster: p.cluster,
    server: `https://127.0.0.1:${API_PORT}`,
    pki: p.pki,
    user: LOCAL_PATH_USER,
  });
  // A node that comes later has its volumes beside the first one's: all live on one disk here.
  const elsewhere = { node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: [volumesOf(first)] };
  const nodePathMap = [...nodes.map((n) => ({ node: n.name, paths: [volumesOf(n)] })), elsewhere];
  writeFileSync(file("local-path.json"), JSON.stringify({ nodePathMap }));
  startDaemon({
    name: "local-path",
    command: await binaries.localPath(),
    args: [
      "start",
      `--config=${file("local-path.json")}`,
      "--provisioner-name=rancher.io/local-path",
      `--namespace=${NAMESPACE}`,
      `--helper-image=${WORKLOAD_IMAGE}`,
      "--service-account-name=local-path-helper",
      "--configmap-name=local-path-config",
      `--kubeconfig=${file("local-path.kubeconfig")}`,
      "--worker-threads=100", // each waits by the second for a helper pod
    ],
    netns: first.netns,
    pidDir: p.pids,
    logFile: join(p.logs, "local-path.log"),
  });
}

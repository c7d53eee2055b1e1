import { KEEP_IN, MOVE, STORAGE_CLASS, VIRTUAL_NODE, volumeMoves } from "@tideway/api";
import {
  BIND_AGAIN,
  type PersistentVolumeClaim,
  type Pod,
  type RoleBinding,
  type Secret,
  type Service,
} from "@tideway/k8s";
import { type Claim, sizeOf, uidOf } from "../claim/model.ts";
import { type Move, partName, PORT, receiverName, senderName } from "./model.ts";
import { RECEIVE, SEND } from "./scripts.ts";

const pick = (from: Readonly<Record<string, string>> | undefined, key: string): Record<string, string> =>
  from?.[key] === undefined ? {} : { [key]: from[key] };

/** Goes with the VolumeMove. */
const part = (m: Move, name: string) => ({
  name,
  namespace: m.metadata.namespace ?? "",
  labels: { [MOVE]: m.metadata.name, "app.kubernetes.io/managed-by": "tideway-storage-fabric" },
  ownerReferences: [
    {
      apiVersion: `${volumeMoves.group}/${volumeMoves.version}`,
      kind: volumeMoves.kind,
      name: m.metadata.name,
      uid: uidOf(m),
    },
  ],
});

/** The second claim: of the same class, so it gets its volume where the receiver is placed. */
export const targetClaim = (m: Move, claim: Claim): PersistentVolumeClaim => ({
  metadata: {
    ...part(m, partName(m)),
    annotations: pick(claim.metadata.annotations, KEEP_IN),
  },
  spec: {
    accessModes: [...(claim.spec?.accessModes ?? [])],
    resources: { requests: { storage: sizeOf(claim) } },
    storageClassName: claim.spec?.storageClassName ?? STORAGE_CLASS,
    volumeMode: "Filesystem",
  },
});

export const passwordOf = (m: Move, password: string): Secret => ({
  metadata: part(m, partName(m)),
  stringData: { password },
});

/** Lets storage-fabric handle pods and claims of this namespace for as long as the move exists. */
export const permission = (m: Move, by: { name: string; namespace: string }): RoleBinding => ({
  metadata: part(m, "tideway-volume-mover"),
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "tideway-volume-mover" },
  subjects: [{ kind: "ServiceAccount", ...by }],
});

const pod = (
  m: Move,
  o: {
    name: string;
    image: string;
    script: string;
    claim: string;
    env: Record<string, string>;
    restart: string;
  },
): Pod => ({
  metadata: part(m, o.name),
  spec: {
    restartPolicy: o.restart,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    tolerations: [{ key: VIRTUAL_NODE, operator: "Exists", effect: "NoSchedule" }],
    securityContext: { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "rsync",
        image: o.image,
        command: ["/bin/bash", "-c", o.script],
        env: [
          { name: "RSYNC_PASSWORD", valueFrom: { secretKeyRef: { name: partName(m), key: "password" } } },
          ...Object.entries(o.env).map(([name, value]) => ({ name, value })),
        ],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: o.claim } }],
  },
});

const ROLE = "storage.tideway.dev/move-role";

/** The receiver's name: each side of the border resolves it to the address at which that side reaches it. */
export const receiverService = (m: Move): Service => ({
  metadata: part(m, partName(m)),
  spec: {
    clusterIP: "None",
    selector: { [MOVE]: m.metadata.name, [ROLE]: "receiver" },
    ports: [{ name: "rsync", port: PORT }],
  },
});

/** `nodes`: names of those that will do. */
export const receiver = (m: Move, image: string, nodes: readonly string[]): Pod => {
  const made = pod(m, {
    name: receiverName(m),
    image,
    script: RECEIVE,
    claim: partName(m),
    env: {},
    restart: "Always",
  });
  const { containers = [], ...spec } = made.spec ?? {};
  const ready = { tcpSocket: { port: PORT }, periodSeconds: 1 };
  return {
    metadata: { ...made.metadata, labels: { ...made.metadata.labels, [ROLE]: "receiver" } },
    spec: {
      ...spec,
      containers: containers.map((c) => ({ ...c, ports: [{ containerPort: PORT }], readinessProbe: ready })),
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: nodes.map((name) => ({
              matchFields: [{ key: "metadata.name", operator: "In", values: [name] }],
            })),
          },
        },
      },
    },
  };
};

export const sender = (m: Move, o: { image: string; pass: number; final: boolean }): Pod =>
  pod(m, {
    name: senderName(m, o.pass),
    image: o.image,
    script: SEND,
    claim: m.spec.claim,
    env: { RECEIVER: partName(m), FINAL: o.final ? "1" : "0" },
    restart: "Never",
  });

/** The claim as it was, to be made anew; `volume`: the moved data. */
export const snapshotOf = (claim: Claim): PersistentVolumeClaim => {
  const { name, namespace, labels, annotations, ownerReferences } = claim.metadata;
  const { accessModes, resources, storageClassName, volumeMode } = claim.spec ?? {};
  const kept = Object.entries(annotations ?? {}).filter(
    ([k]) =>
      k !== BIND_AGAIN &&
      !k.startsWith("pv.kubernetes.io/") &&
      !k.startsWith("volume.") &&
      !k.includes("last-applied"),
  );
  return {
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(kept.length > 0 ? { annotations: Object.fromEntries(kept) } : {}),
      ...(ownerReferences ? { ownerReferences } : {}),
    },
    spec: { accessModes, resources, storageClassName, volumeMode },
  } as PersistentVolumeClaim;
};

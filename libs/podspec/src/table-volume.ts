import { crosses, refused } from "./rule.ts";

const NETWORK = "volumes that a node mounts with the provider's network and credentials are not allowed";

export const volumeRules = [
  crosses("name"),
  crosses("configMap", { note: "reflected" }),
  crosses("downwardAPI"),
  crosses("emptyDir"),
  crosses("image"),
  crosses("projected", { inner: "projected" }),
  crosses("secret", { note: "reflected" }),
  crosses("persistentVolumeClaim", {
    note: "the claim of the same name in the twin namespace; the pod waits until the provider has accepted it",
  }),
  refused("ephemeral", "the consumer's claim `<pod>-<volume>` crosses in its place", {
    dropped: true,
    note: "becomes `persistentVolumeClaim`",
  }),
  refused("hostPath", "the provider's hosts' files are not given away"),
  refused("csi", "inline CSI volumes are not allowed"),
  ...[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
  ].map((field) => refused(field, NETWORK)),
];

export const projectedRules = [crosses("defaultMode"), crosses("sources", { inner: "projection" })];

export const projectionRules = [
  refused("clusterTrustBundle", "trust bundles are the provider's own"),
  crosses("configMap", { note: "reflected" }),
  crosses("downwardAPI"),
  refused("podCertificate", "certificates would be the provider's own"),
  crosses("secret", { note: "reflected" }),
  refused("serviceAccountToken", "tokens of the provider are not given to foreign pods", {
    dropped: true,
    note: "the consumer's own token is requested there, bound to the consumer's pod, and crosses as a Secret; the default token volume is left out",
  }),
];

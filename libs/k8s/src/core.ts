import type {
  CoreV1Event,
  V1CertificateSigningRequest,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1EndpointSlice,
  V1Ingress,
  V1IngressClass,
  V1Lease,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StorageClass,
} from "@kubernetes/client-node";
import { type KubeObject, type ObjectMeta, resource } from "./types.ts";

/** client-node types dates as Date; on the wire, and so in our caches, they are strings. */
type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;
type Kind<T> = Omit<Wire<T>, "metadata"> & KubeObject & { metadata: ObjectMeta };

export type Pod = Kind<V1Pod>;
export type Node = Kind<V1Node>;
export type Namespace = Kind<V1Namespace>;
export type Secret = Kind<V1Secret>;
export type ConfigMap = Kind<V1ConfigMap>;
export type CoreEvent = Kind<CoreV1Event>;
export type ServiceAccount = Kind<V1ServiceAccount>;
export type Lease = Kind<V1Lease>;
export type Role = Kind<V1Role>;
export type RoleBinding = Kind<V1RoleBinding>;
export type ClusterRole = Kind<V1ClusterRole>;
export type ClusterRoleBinding = Kind<V1ClusterRoleBinding>;
export type CertificateSigningRequest = Kind<V1CertificateSigningRequest>;
export type NetworkPolicy = Kind<V1NetworkPolicy>;
export type Service = Kind<V1Service>;
export type EndpointSlice = Kind<V1EndpointSlice>;
export type Ingress = Kind<V1Ingress>;
export type IngressClass = Kind<V1IngressClass>;
export type PersistentVolume = Kind<V1PersistentVolume>;
export type PersistentVolumeClaim = Kind<V1PersistentVolumeClaim>;
export type StorageClass = Kind<V1StorageClass>;

export const pods = resource<Pod>("", "v1", "pods", "Pod");
export const nodes = resource<Node>("", "v1", "nodes", "Node", false);
export const namespaces = resource<Namespace>("", "v1", "namespaces", "Namespace", false);
export const secrets = resource<Secret>("", "v1", "secrets", "Secret");
export const configMaps = resource<ConfigMap>("", "v1", "configmaps", "ConfigMap");
export const events = resource<CoreEvent>("", "v1", "events", "Event");
export const serviceAccounts = resource<ServiceAccount>("", "v1", "serviceaccounts", "ServiceAccount");
export const leases = resource<Lease>("coordination.k8s.io", "v1", "leases", "Lease");
const rbac = "rbac.authorization.k8s.io";
export const roles = resource<Role>(rbac, "v1", "roles", "Role");
export const roleBindings = resource<RoleBinding>(rbac, "v1", "rolebindings", "RoleBinding");
export const clusterRoles = resource<ClusterRole>(rbac, "v1", "clusterroles", "ClusterRole", false);
export const clusterRoleBindings = resource<ClusterRoleBinding>(
  rbac,
  "v1",
  "clusterrolebindings",
  "ClusterRoleBinding",
  false,
);
export const certificateSigningRequests = resource<CertificateSigningRequest>(
  "certificates.k8s.io",
  "v1",
  "certificatesigningrequests",
  "CertificateSigningRequest",
  false,
);
export const networkPolicies = resource<NetworkPolicy>(
  "networking.k8s.io",
  "v1",
  "networkpolicies",
  "NetworkPolicy",
);
export const services = resource<Service>("", "v1", "services", "Service");
export const endpointSlices = resource<EndpointSlice>(
  "discovery.k8s.io",
  "v1",
  "endpointslices",
  "EndpointSlice",
);
export const ingresses = resource<Ingress>("networking.k8s.io", "v1", "ingresses", "Ingress");
export const ingressClasses = resource<IngressClass>(
  "networking.k8s.io",
  "v1",
  "ingressclasses",
  "IngressClass",
  false,
);
export const persistentVolumes = resource<PersistentVolume>(
  "",
  "v1",
  "persistentvolumes",
  "PersistentVolume",
  false,
);
export const persistentVolumeClaims = resource<PersistentVolumeClaim>(
  "",
  "v1",
  "persistentvolumeclaims",
  "PersistentVolumeClaim",
);
export const storageClasses = resource<StorageClass>(
  "storage.k8s.io",
  "v1",
  "storageclasses",
  "StorageClass",
  false,
);

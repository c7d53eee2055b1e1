/** The types of the kinds, derived from their schemas; nothing of this exists at run time. */
import type { Static } from "@sinclair/typebox";
import type { Condition } from "./conditions.ts";
import type { KubeObject } from "@tideway/k8s";
import type * as authentication from "./schema/authentication.ts";
import type * as discovery from "./schema/discovery.ts";
import type * as networking from "./schema/networking.ts";
import type * as offloading from "./schema/offloading.ts";
import type * as policy from "./schema/sharing-policy.ts";
import type * as sharing from "./schema/sharing.ts";
import type * as storage from "./schema/storage.ts";
import type { KindDefinition } from "./schema/define.ts";

type SpecOf<K extends KindDefinition> = Static<K["spec"]>;
type StatusOf<K extends KindDefinition> = Omit<Static<K["status"]>, "conditions"> & {
  conditions?: Condition[];
};

interface Typed<Spec, Status> extends KubeObject {
  spec: Spec;
  status?: Status;
}

export type ForeignClusterSpec = SpecOf<typeof discovery.foreignCluster>;
export type ForeignClusterStatus = StatusOf<typeof discovery.foreignCluster>;
export interface ForeignCluster extends Typed<ForeignClusterSpec, ForeignClusterStatus> {}
export type SearchDomainSpec = SpecOf<typeof discovery.searchDomain>;
export type SearchDomainStatus = StatusOf<typeof discovery.searchDomain>;
export interface SearchDomain extends Typed<SearchDomainSpec, SearchDomainStatus> {}
export type DiscoveryPolicySpec = SpecOf<typeof discovery.discoveryPolicy>;
export type DiscoveryPolicyStatus = StatusOf<typeof discovery.discoveryPolicy>;
export interface DiscoveryPolicy extends Typed<DiscoveryPolicySpec, DiscoveryPolicyStatus> {}
export type DiscoveryRule = NonNullable<DiscoveryPolicySpec["rules"]>[number];
export type DiscoveryAction = DiscoveryRule["action"];

export type InvitationSpec = SpecOf<typeof authentication.invitation>;
export type InvitationStatus = StatusOf<typeof authentication.invitation>;
export interface Invitation extends Typed<InvitationSpec, InvitationStatus> {}
export type TenantSpec = SpecOf<typeof authentication.tenant>;
export type TenantStatus = StatusOf<typeof authentication.tenant>;
export interface Tenant extends Typed<TenantSpec, TenantStatus> {}
export type IdentitySpec = SpecOf<typeof authentication.identity>;
export type IdentityStatus = StatusOf<typeof authentication.identity>;
export interface Identity extends Typed<IdentitySpec, IdentityStatus> {}

export type SharingPolicySpec = SpecOf<typeof policy.sharingPolicy>;
export type SharingPolicyStatus = StatusOf<typeof policy.sharingPolicy>;
export interface SharingPolicy extends Typed<SharingPolicySpec, SharingPolicyStatus> {}
export type SharingRule = NonNullable<SharingPolicySpec["rules"]>[number];
export type SharingAction = SharingRule["action"];
export type ResourceRequestSpec = SpecOf<typeof sharing.resourceRequest>;
export type ResourceRequestStatus = StatusOf<typeof sharing.resourceRequest>;
export interface ResourceRequest extends Typed<ResourceRequestSpec, ResourceRequestStatus> {}
export type ResourceOfferSpec = SpecOf<typeof sharing.resourceOffer>;
export type ResourceOfferStatus = StatusOf<typeof sharing.resourceOffer>;
export interface ResourceOffer extends Typed<ResourceOfferSpec, ResourceOfferStatus> {}

export type VirtualNodeSpec = SpecOf<typeof offloading.virtualNode>;
export type VirtualNodeStatus = StatusOf<typeof offloading.virtualNode>;
export interface VirtualNode extends Typed<VirtualNodeSpec, VirtualNodeStatus> {}
export type ShadowPodSpec = SpecOf<typeof offloading.shadowPod>;
export type ShadowPodStatus = StatusOf<typeof offloading.shadowPod>;
export interface ShadowPod extends Typed<ShadowPodSpec, ShadowPodStatus> {}
export type TenantQuotaSpec = SpecOf<typeof offloading.tenantQuota>;
export type TenantQuotaStatus = StatusOf<typeof offloading.tenantQuota>;
export interface TenantQuota extends Typed<TenantQuotaSpec, TenantQuotaStatus> {}
export type WorkloadPolicySpec = SpecOf<typeof offloading.workloadPolicy>;
export type WorkloadPolicyStatus = StatusOf<typeof offloading.workloadPolicy>;
export interface WorkloadPolicy extends Typed<WorkloadPolicySpec, WorkloadPolicyStatus> {}
export type NamespaceOffloadingSpec = SpecOf<typeof offloading.namespaceOffloading>;
export type NamespaceOffloadingStatus = StatusOf<typeof offloading.namespaceOffloading>;
export interface NamespaceOffloading extends Typed<NamespaceOffloadingSpec, NamespaceOffloadingStatus> {}
export type NodeSelectorTerm = NonNullable<NamespaceOffloadingSpec["clusterSelector"]>[number];
export type NamespaceMapSpec = SpecOf<typeof offloading.namespaceMap>;
export type NamespaceMapStatus = StatusOf<typeof offloading.namespaceMap>;
export interface NamespaceMap extends Typed<NamespaceMapSpec, NamespaceMapStatus> {}
export type ShadowEndpointSliceSpec = SpecOf<typeof offloading.shadowEndpointSlice>;
export type ShadowEndpointSliceStatus = StatusOf<typeof offloading.shadowEndpointSlice>;
export type ShadowEndpoint = ShadowEndpointSliceSpec["endpoints"][number];
export interface ShadowEndpointSlice extends Typed<ShadowEndpointSliceSpec, ShadowEndpointSliceStatus> {}
export type ShadowClaimSpec = SpecOf<typeof offloading.shadowClaim>;
export type ShadowClaimStatus = StatusOf<typeof offloading.shadowClaim>;
export interface ShadowClaim extends Typed<ShadowClaimSpec, ShadowClaimStatus> {}

/** A list of resources as a service writes it: amounts are strings. */
export type ResourceList = Record<string, string>;

export type NetworkConfigSpec = SpecOf<typeof networking.networkConfig>;
export type NetworkConfigStatus = StatusOf<typeof networking.networkConfig>;
export interface NetworkConfig extends Typed<NetworkConfigSpec, NetworkConfigStatus> {}
export type TunnelEndpointSpec = SpecOf<typeof networking.tunnelEndpoint>;
export type TunnelEndpointStatus = StatusOf<typeof networking.tunnelEndpoint>;
export interface TunnelEndpoint extends Typed<TunnelEndpointSpec, TunnelEndpointStatus> {}
export type AddressPoolSpec = SpecOf<typeof networking.addressPool>;
export type AddressPoolStatus = StatusOf<typeof networking.addressPool>;
export interface AddressPool extends Typed<AddressPoolSpec, AddressPoolStatus> {}
export type BorderPolicySpec = SpecOf<typeof networking.borderPolicy>;
export type BorderPolicyStatus = StatusOf<typeof networking.borderPolicy>;
export interface BorderPolicy extends Typed<BorderPolicySpec, BorderPolicyStatus> {}
export type VolumeMoveSpec = SpecOf<typeof storage.volumeMove>;
export type VolumeMoveStatus = StatusOf<typeof storage.volumeMove>;
export interface VolumeMove extends Typed<VolumeMoveSpec, VolumeMoveStatus> {}

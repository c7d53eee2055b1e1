/** Where each kind lives in the API; light enough for every service. A test holds it against the schemas. */
import { API_SUFFIX, API_VERSION } from "./names.ts";
import type { KubeObject, Resource } from "@tideway/k8s";
import type * as t from "./types.ts";

const resource = <T extends KubeObject>(
  concern: string,
  kind: string,
  plural: string,
  namespaced: boolean,
): Resource<T> => ({ group: `${concern}.${API_SUFFIX}`, version: API_VERSION, plural, kind, namespaced });

export const foreignClusters = resource<t.ForeignCluster>(
  "discovery",
  "ForeignCluster",
  "foreignclusters",
  false,
);
export const searchDomains = resource<t.SearchDomain>("discovery", "SearchDomain", "searchdomains", false);
export const discoveryPolicies = resource<t.DiscoveryPolicy>(
  "discovery",
  "DiscoveryPolicy",
  "discoverypolicies",
  false,
);
export const invitations = resource<t.Invitation>("authentication", "Invitation", "invitations", true);
export const tenants = resource<t.Tenant>("authentication", "Tenant", "tenants", false);
export const identities = resource<t.Identity>("authentication", "Identity", "identities", true);
export const sharingPolicies = resource<t.SharingPolicy>(
  "sharing",
  "SharingPolicy",
  "sharingpolicies",
  false,
);
export const resourceRequests = resource<t.ResourceRequest>(
  "sharing",
  "ResourceRequest",
  "resourcerequests",
  true,
);
export const resourceOffers = resource<t.ResourceOffer>("sharing", "ResourceOffer", "resourceoffers", true);
export const virtualNodes = resource<t.VirtualNode>("offloading", "VirtualNode", "virtualnodes", false);
export const shadowPods = resource<t.ShadowPod>("offloading", "ShadowPod", "shadowpods", true);
export const tenantQuotas = resource<t.TenantQuota>("offloading", "TenantQuota", "tenantquotas", true);
export const workloadPolicies = resource<t.WorkloadPolicy>(
  "offloading",
  "WorkloadPolicy",
  "workloadpolicies",
  false,
);
export const namespaceOffloadings = resource<t.NamespaceOffloading>(
  "offloading",
  "NamespaceOffloading",
  "namespaceoffloadings",
  true,
);
export const namespaceMaps = resource<t.NamespaceMap>("offloading", "NamespaceMap", "namespacemaps", true);
export const shadowEndpointSlices = resource<t.ShadowEndpointSlice>(
  "offloading",
  "ShadowEndpointSlice",
  "shadowendpointslices",
  true,
);
export const shadowClaims = resource<t.ShadowClaim>("offloading", "ShadowClaim", "shadowclaims", true);

export const networkConfigs = resource<t.NetworkConfig>(
  "networking",
  "NetworkConfig",
  "networkconfigs",
  true,
);
export const tunnelEndpoints = resource<t.TunnelEndpoint>(
  "networking",
  "TunnelEndpoint",
  "tunnelendpoints",
  true,
);
export const addressPools = resource<t.AddressPool>("networking", "AddressPool", "addresspools", false);
export const borderPolicies = resource<t.BorderPolicy>("networking", "BorderPolicy", "borderpolicies", false);

export const volumeMoves = resource<t.VolumeMove>("storage", "VolumeMove", "volumemoves", true);

/** Every resource of Tideway, in the order of the kinds. */
export const resources: readonly Resource<KubeObject>[] = [
  foreignClusters,
  searchDomains,
  discoveryPolicies,
  invitations,
  tenants,
  identities,
  sharingPolicies,
  resourceRequests,
  resourceOffers,
  virtualNodes,
  shadowPods,
  tenantQuotas,
  workloadPolicies,
  namespaceOffloadings,
  namespaceMaps,
  shadowEndpointSlices,
  shadowClaims,
  networkConfigs,
  tunnelEndpoints,
  addressPools,
  borderPolicies,
  volumeMoves,
];

/** `body` as an object of the resource: apiVersion and kind filled in. */
export const make = <T extends KubeObject>(r: Resource<T>, body: Omit<T, "apiVersion" | "kind">): T =>
  ({ apiVersion: `${r.group}/${r.version}`, kind: r.kind, ...body }) as T;

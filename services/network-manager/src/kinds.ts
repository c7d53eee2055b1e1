/** Kinds of the Kubernetes API that only this service needs. */
import { type KubeObject, resource } from "@tideway/k8s";

/** KEP-1880. */
export interface ServiceCIDR extends KubeObject {
  spec: { cidrs: string[] };
}
export const serviceCIDRs = resource<ServiceCIDR>(
  "networking.k8s.io",
  "v1",
  "servicecidrs",
  "ServiceCIDR",
  false,
);

export interface TokenReview extends KubeObject {
  spec: { token: string; audiences?: string[] };
  status?: { authenticated?: boolean; user?: { username?: string }; error?: string };
}
export const tokenReviews = resource<TokenReview>(
  "authentication.k8s.io",
  "v1",
  "tokenreviews",
  "TokenReview",
  false,
);

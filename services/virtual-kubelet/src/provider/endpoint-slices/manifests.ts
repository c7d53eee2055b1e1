import { createHash } from "node:crypto";
import { ORIGIN, type ShadowEndpointSlice } from "@tideway/api";
import type { EndpointSlice } from "@tideway/k8s";
import { CONTENT } from "../../reflection/names.ts";
import type { Slice } from "./decide.ts";

export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "tideway.dev";
const PREFIX = "tideway-";
const MAX_NAME = 253;

const sha = (text: string, digits: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, digits);

/** Not the consumer's own name: Kubernetes' controller makes slices of such names for the same Service here. */
export const sliceName = (shadowName: string): string => {
  const name = PREFIX + shadowName;
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 9)}-${sha(name, 8)}`;
};

export const hashOf = (slice: Slice): string => sha(JSON.stringify(slice), 16);

/** Owned by its ShadowEndpointSlice, so that the garbage collector takes it should this service be away. */
export const sliceOf = (
  shadow: Readonly<ShadowEndpointSlice>,
  slice: Slice,
  origin: string,
): EndpointSlice => {
  const { name, namespace = "", uid = "" } = shadow.metadata;
  return {
    metadata: {
      name: sliceName(name),
      namespace,
      labels: { "kubernetes.io/service-name": slice.service, [MANAGED_BY]: MANAGER, [ORIGIN]: origin },
      annotations: { [CONTENT]: hashOf(slice) },
      ownerReferences: [
        {
          apiVersion: "offloading.tideway.dev/v1alpha1",
          kind: "ShadowEndpointSlice",
          name,
          uid,
          controller: true,
        },
      ],
    },
    addressType: slice.addressType,
    endpoints: slice.endpoints,
    ports: slice.ports,
  };
};

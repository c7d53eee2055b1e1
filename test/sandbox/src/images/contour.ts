import { binaries } from "../binaries.ts";
import { versions } from "../versions.ts";
import { composeImage } from "./oci.ts";
import { baseLayers, once, PATH_ENV, programLayer, single } from "./system.ts";

export const CONTOUR_IMAGE = `tideway.local/contour:${versions.contour}`;
export const ENVOY_IMAGE = `tideway.local/envoy:${versions.envoy}`;
const USER = "65534:65534";

export const contourImage = once(async () =>
  single(CONTOUR_IMAGE, await binaries.contour(), { Entrypoint: ["/contour"], User: USER }),
);

/** On the layers that every node has: Envoy needs no more of Debian than its C library. */
export const envoyImage = once(async () =>
  composeImage(ENVOY_IMAGE, [...(await baseLayers()), await programLayer(await binaries.envoy())], {
    Env: [PATH_ENV],
    Entrypoint: ["envoy"],
    User: USER,
  }),
);

/** Types, resource descriptors, names and conditions. Validation and CRDs: `@tideway/api/validate`, `/crd`. */
export * from "./conditions.ts";
export * from "./found.ts";
export * from "./label-requirement.ts";
export * from "./names.ts";
export * from "./resources.ts";
export * from "./storage.ts";
export type * from "./types.ts";
export * from "./version.ts";

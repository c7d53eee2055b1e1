export * from "./deploy.ts";
export * from "./snapshot.ts";
export * from "./tideway.ts";

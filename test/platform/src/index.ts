export * from "./deploy.ts";
export * from "./load.ts";
export * from "./node.ts";
export * from "./snapshot.ts";
export * from "./tideway.ts";
export * from "./previous.ts";

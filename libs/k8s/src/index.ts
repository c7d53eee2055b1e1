export * from "./bind-again.ts";
export * from "./bounds.ts";
export * from "./client.ts";
export * from "./core.ts";
export * from "./end-namespace.ts";
export * from "./informer.ts";
export * from "./kubeconfig.ts";
export * from "./types.ts";

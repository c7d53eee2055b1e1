export * from "./address.ts";
export * from "./translate.ts";
export * from "./free.ts";
export * from "./names.ts";
export * from "./kernel/index.ts";

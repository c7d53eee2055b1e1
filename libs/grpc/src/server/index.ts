export * from "./identity.ts";
export * from "./listen.ts";

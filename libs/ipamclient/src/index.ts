export * from "./client.ts";
export * from "./messages.ts";
export { IPAM_CONFIG_MAP, SERVER_NAME } from "./names.ts";
export { type IpamMethods, ipamService } from "./service.ts";
export * from "./sources.ts";

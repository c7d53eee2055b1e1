export { podRequests } from "./pod.ts";
export * from "./quantity.ts";
export * from "./resource-list.ts";

export * from "./controller.ts";
export * from "./queue.ts";
export * from "./membership.ts";
export { ownerOf } from "./rendezvous.ts";

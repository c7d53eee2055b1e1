export * from "./controller.ts";
export * from "./queue.ts";

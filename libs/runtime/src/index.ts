export { run } from "./run.ts";
export type { Main, ProcessHost, RuntimeContext, RunOptions } from "./run.ts";
export { createReadiness, serveHealth } from "./health.ts";
export type { Readiness } from "./health.ts";
export { createShutdown } from "./shutdown.ts";
export type { Shutdown } from "./shutdown.ts";

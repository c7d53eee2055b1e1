export { createKernel } from "./kernel.ts";
export { KernelError } from "./errors.ts";
export type { KernelFailure } from "./errors.ts";
export { WRITE_KINDS } from "./types.ts";
export type * from "./types.ts";
export type * from "./nft-types.ts";
export { processRunner } from "./runner.ts";
export type { Runner, RunResult } from "./runner.ts";

import type { Kernel, KernelOptions } from "./types.ts";

export const createKernel = (_options: KernelOptions): Kernel => {
  throw new Error("not built yet");
};

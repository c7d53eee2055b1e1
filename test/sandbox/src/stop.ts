import { stopSandbox as stop } from "./down.ts";
import { placeOf } from "./layout.ts";

export interface SandboxOptions {
  /** Default `.sandbox` of the checkout. */
  dir?: string;
  /** Name of a sandbox beside the default one. */
  sandbox?: string;
}

/** Ends all clusters of a sandbox and removes every trace of it; safe to repeat. */
export const stopSandbox = (o: SandboxOptions = {}): Promise<void> => stop(placeOf(o));

import { TidewayError } from "@tideway/errors";

export interface KernelFailure {
  /** `nft -f -`, `ip -4 -batch -`. */
  readonly command: string;
  /** The line of the transaction that was refused, when known. Never holds a key. */
  readonly line?: string;
  /** What the tool or kernel said. */
  readonly said: string;
}

/** The kernel refused a write, or a tool could not run. */
export class KernelError extends TidewayError {
  readonly failure: KernelFailure;
  constructor(failure: KernelFailure, options?: ErrorOptions) {
    const at = failure.line === undefined ? "" : ` at "${failure.line}"`;
    super(`${failure.command} failed${at}: ${failure.said}`, options);
    this.failure = failure;
  }
}

import { TidewayError, TimeoutError, isTimeout } from "@tideway/errors";

/** The exit codes of every command; documented in `tideway --help` and cli/README.md. */
export const EXIT = { ok: 0, failed: 1, usage: 2, timedOut: 3, interrupted: 130 } as const;

/** What happened and where; `next` says what the reader can do about it. */
export class CliError extends TidewayError {
  readonly next: string | undefined;
  constructor(message: string, o: { next?: string; cause?: unknown } = {}) {
    super(message, o.cause === undefined ? undefined : { cause: o.cause });
    this.next = o.next;
  }
}

/** The command line itself is wrong: nothing was sent to any cluster. */
export class UsageError extends CliError {}

/** The time given by --timeout ran out; what was asked for stays asked for. */
export class WaitTimeout extends TimeoutError {
  readonly next: string | undefined;
  constructor(message: string, next?: string) {
    super(message);
    this.next = next;
  }
}

/** The user pressed Ctrl-C, or the process was told to stop. */
export class Interrupted extends TidewayError {}

/** How `AbortSignal.timeout` ends what it bounds. */
export const isDeadline = (err: unknown): boolean =>
  err instanceof DOMException && err.name === "TimeoutError";

export const exitCodeOf = (err: unknown): number => {
  if (err instanceof UsageError) return EXIT.usage;
  if (err instanceof Interrupted) return EXIT.interrupted;
  return isTimeout(err) || isDeadline(err) ? EXIT.timedOut : EXIT.failed;
};

/**
 * The errors of Tideway, asked by behaviour and never by text: `isNotFound(err)` looks through the whole
 * cause chain, so a wrapped error keeps its meaning.
 */
export class TidewayError extends Error {
  override name = this.constructor.name;
}

/** Retrying cannot help; wait for a new generation of the object. */
export class TerminalError extends TidewayError {}
export class NotFoundError extends TidewayError {}
/** The object changed since it was read, or another field manager owns the field. */
export class ConflictError extends TidewayError {}
export class AlreadyExistsError extends TidewayError {}
/** The other side did not answer, or answered that it cannot now. Try again later. */
export class UnavailableError extends TidewayError {}
export class ForbiddenError extends TidewayError {}
/** Bad input; the message names the field. */
export class InvalidError extends TidewayError {}
/** The requested version or resource is gone for good (HTTP 410). */
export class GoneError extends TidewayError {}
export class TimeoutError extends TidewayError {}
/** The other side answered what no sound server does; `reason` is a CamelCase word for what. */
export class MisbehavedError extends TidewayError {
  readonly reason: string;
  constructor(reason: string, message: string, o?: ErrorOptions) {
    super(message, o);
    this.reason = reason;
  }
}

type ErrorClass = abstract new (...args: never[]) => Error;

const isA =
  (kind: ErrorClass) =>
  (err: unknown): boolean => {
    const matches = (e: Error): boolean => e instanceof kind;
    for (let e = err, depth = 0; e instanceof Error && depth < 16; e = e.cause, depth++)
      if (matches(e)) return true;
    return false;
  };

export const isTerminal = isA(TerminalError);
export const isNotFound = isA(NotFoundError);
export const isConflict = isA(ConflictError);
export const isAlreadyExists = isA(AlreadyExistsError);
export const isUnavailable = isA(UnavailableError);
export const isForbidden = isA(ForbiddenError);
export const isInvalid = isA(InvalidError);
export const isGone = isA(GoneError);
export const isTimeout = isA(TimeoutError);

/** The first misbehaviour in the cause chain. */
export const misbehaviourOf = (err: unknown): MisbehavedError | undefined => {
  for (let e = err, depth = 0; e instanceof Error && depth < 16; e = e.cause, depth++)
    if (e instanceof MisbehavedError) return e;
  return undefined;
};

/** One line: the message and those of its causes, without repeating what a message already says. */
export const describeError = (err: unknown): string => {
  const parts: string[] = [];
  for (let e = err, depth = 0; e !== undefined && e !== null && depth < 16; depth++) {
    const text = e instanceof Error ? e.message || e.name : String(e);
    if (text && !parts.some((p) => p.includes(text))) parts.push(text);
    e = e instanceof Error ? e.cause : undefined;
  }
  return parts.join(": ").replaceAll(/\s*\n\s*/g, " ");
};

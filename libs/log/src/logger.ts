import { describeError } from "@tideway/errors";
import { pino } from "pino";
import { redact } from "./redact.ts";

export const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type Level = (typeof LEVELS)[number];

/** A constant message, its changing parts apart as fields. An error goes into the field `err`. */
export interface LogFn {
  (fields: object, message: string): void;
  (message: string): void;
}

export interface Logger {
  trace: LogFn;
  debug: LogFn;
  info: LogFn;
  warn: LogFn;
  error: LogFn;
  fatal: LogFn;
  /** A logger that adds these fields to every line. */
  child(fields: object): Logger;
}

export interface LoggerOptions {
  service: string;
  /** Default `info`. */
  level?: Level;
  /** Where lines go; default standard output, written synchronously so that no line is lost at exit. */
  destination?: { write(line: string): void };
}

/** Only name, message and stack: the other fields of an error may hold a request with its headers. */
const serializeError = (err: unknown): unknown =>
  err instanceof Error
    ? { type: err.name, message: describeError(err), stack: err.stack }
    : { type: typeof err, message: String(err) };

/** JSON lines on standard output, secrets redacted. */
export const createLogger = ({ service, level = "info", destination }: LoggerOptions): Logger => {
  const root = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: "message",
      serializers: { err: serializeError },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
  // pino passes a child's fields by its formatters; children inherit this method by prototype
  const plainChild = root.child;
  root.child = function child(this: typeof root, fields: object) {
    return plainChild.call(this, redact(fields) as Record<string, unknown>);
  } as typeof root.child;
  return root;
};

const nothing = (): void => undefined;

/** For tests, and for callers that want no lines. */
export const silentLogger: Logger = {
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
};

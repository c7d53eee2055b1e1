export { createLogger, silentLogger, LEVELS } from "./logger.ts";
export type { Level, LogFn, Logger, LoggerOptions } from "./logger.ts";
export { redact, REDACTED } from "./redact.ts";

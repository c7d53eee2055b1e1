import { InvalidError } from "@tideway/errors";
import { createLogger, LEVELS, type Level, type Logger } from "@tideway/log";
import { createMetrics, serveMetrics, startTracing, type Metrics } from "@tideway/telemetry";
import { createReadiness, serveHealth } from "./health.ts";
import { createShutdown } from "./shutdown.ts";

type Env = Record<string, string | undefined>;

export interface RuntimeContext {
  env: Env;
  log: Logger;
  metrics: Metrics;
  /** Aborted at SIGTERM or SIGINT, before the shutdown hooks run. */
  signal: AbortSignal;
  /** Names one thing this service needs before it is ready. Say `false` first, before waiting for it. */
  setReady(name: string, ok: boolean): void;
  /** Runs at the end, the last one registered first. */
  onShutdown(name: string, fn: () => Promise<void> | void): void;
}
/** Starts everything and returns, or runs until the signal; the service lives until it is told to stop. */
export type Main = (ctx: RuntimeContext) => Promise<void>;

/** The process, so that a test can be one. */
export interface ProcessHost {
  env: Env;
  on(event: string, handler: (value?: unknown) => void): unknown;
  exit(code: number): unknown;
}
export interface RunOptions {
  host?: ProcessHost;
  log?: Logger;
}

/** What loadConfig later refuses by name is logged at `info` until then. */
const levelOf = (text: string | undefined): Level => LEVELS.find((l) => l === text) ?? "info";

/** Port 0 takes a free one. */
const portOf = (env: Env, variable: string, fallback: number): number => {
  const port = Number(env[variable] || fallback);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new InvalidError(
    `${variable} is ${JSON.stringify(env[variable])}, but must be a port from 0 to 65535`,
  );
};

/**
 * The life of a service: logger, metrics (METRICS_PORT, 8080) and health (HEALTH_PORT, 8081), on all addresses
 * unless METRICS_HOST and HEALTH_HOST name one (for services in a host's network), the main function, then SIGTERM
 * or SIGINT -> not ready, signal aborted, hooks in reverse order, exit code 0.
 * An error of the main function or one that nobody caught ends the process with 1, in the same order.
 */
export const run = async (service: string, main: Main, o: RunOptions = {}): Promise<void> => {
  const host = o.host ?? process;
  const env = host.env;
  const log = o.log ?? createLogger({ service, level: levelOf(env.LOG_LEVEL) });
  const metrics = createMetrics(service);
  const readiness = createReadiness();
  const shutdown = createShutdown(log);
  const abort = new AbortController();

  let stopping: Promise<void> | undefined;
  const stop = (code: number): Promise<void> =>
    (stopping ??= (async () => {
      readiness.stopping();
      abort.abort();
      const clean = await shutdown.run();
      log.info({ code, clean }, "stopped");
      host.exit(code);
    })());
  const fail = (what: string) => (err: unknown) => {
    if (stopping) return; // what breaks while everything is taken down is expected
    log.fatal({ err }, what);
    void stop(1);
  };
  for (const name of ["SIGTERM", "SIGINT"])
    host.on(name, () => {
      log.info({ signal: name }, "stopping");
      void stop(0);
    });
  host.on("uncaughtException", fail("uncaught exception"));
  host.on("unhandledRejection", fail("unhandled rejection"));

  try {
    const tracing = await startTracing({ service, env });
    shutdown.add("tracing", () => tracing.shutdown());
    const metricsServer = await serveMetrics(metrics, portOf(env, "METRICS_PORT", 8080), env.METRICS_HOST);
    shutdown.add("metrics", () => metricsServer.close());
    const health = await serveHealth(readiness, portOf(env, "HEALTH_PORT", 8081), env.HEALTH_HOST);
    shutdown.add("health", () => health.close());
    log.info({ metricsPort: metricsServer.port, healthPort: health.port }, "starting");
    await main({
      env,
      log,
      metrics,
      signal: abort.signal,
      setReady: (name, ok) => readiness.set(name, ok),
      onShutdown: (name, fn) => shutdown.add(name, fn),
    });
    readiness.started();
  } catch (err) {
    fail("service failed")(err);
  }
  await stopping;
};

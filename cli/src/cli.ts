import type { Kube } from "@tideway/k8s";
import { parseDuration } from "./duration.ts";
import { Interrupted, WaitTimeout } from "./exit.ts";
import type { Io } from "./io.ts";
import { type Format, parseFormat } from "./output.ts";

/** The options every command takes, as typed. */
export interface RawGlobals {
  output?: string;
  kubeconfig?: string;
  context?: string;
  wait?: boolean;
  timeout?: string;
}

/** The same, checked and complete. */
export interface Globals {
  format: Format;
  kubeconfig?: string;
  context?: string;
  /** Return when what was asked for has happened, not when it is asked for. Default false. */
  wait: boolean;
  /** Longest wait in ms. Undefined: the command's own default. */
  timeoutMs?: number;
}

const MAX_TIMEOUT_MS = 24 * 3_600_000;

export const checkGlobals = (raw: RawGlobals): Globals => ({
  format: parseFormat(raw.output ?? "table"),
  wait: raw.wait ?? false,
  ...(raw.kubeconfig === undefined ? {} : { kubeconfig: raw.kubeconfig }),
  ...(raw.context === undefined ? {} : { context: raw.context }),
  ...(raw.timeout === undefined
    ? {}
    : { timeoutMs: parseDuration(raw.timeout, "--timeout", MAX_TIMEOUT_MS) }),
});

/** What a command gets. */
export interface Cli {
  io: Io;
  globals: Globals;
  /** The cluster that --kubeconfig and --context name; one client a process, made when first asked for. */
  kube(): Promise<Kube>;
  close(): Promise<void>;
}

export const makeCli = (io: Io, globals: Globals): Cli => {
  let kube: Promise<Kube> | undefined;
  const connect = async (): Promise<Kube> => {
    const { createKube, loadCredentials } = await import("@tideway/k8s");
    const { kubeconfig, context } = globals;
    const at = { ...(kubeconfig ? { kubeconfig } : {}), ...(context ? { context } : {}) };
    return createKube(loadCredentials(io.env, at), { userAgent: "tideway-cli", connections: 16 });
  };
  return {
    io,
    globals,
    kube: () => (kube ??= connect()),
    close: async () => (await kube?.catch(() => undefined))?.close(),
  };
};

/** Bounds everything a command does: `signal` aborts at the deadline and on Ctrl-C. */
export interface Deadline {
  signal: AbortSignal;
  timeoutMs: number;
  /** Milliseconds since the command began. */
  elapsed(): number;
  /** Turns the abort of `signal` into the error that says why; any other error is returned as it is. */
  explain(err: unknown, waitedFor: string, next?: string): unknown;
}

export const startDeadline = (cli: Cli, defaultMs: number): Deadline => {
  const timeoutMs = cli.globals.timeoutMs ?? defaultMs;
  const timer = AbortSignal.timeout(timeoutMs);
  const began = performance.now();
  return {
    signal: AbortSignal.any([cli.io.signal, timer]),
    timeoutMs,
    elapsed: () => performance.now() - began,
    explain: (err, waitedFor, next) => {
      if (cli.io.signal.aborted) return new Interrupted(`interrupted while waiting for ${waitedFor}`);
      if (timer.aborted)
        return new WaitTimeout(
          `timed out after ${Math.round(timeoutMs / 100) / 10} s waiting for ${waitedFor}`,
          next,
        );
      return err;
    },
  };
};

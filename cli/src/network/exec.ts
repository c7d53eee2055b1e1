import { UnavailableError } from "@tideway/errors";
import type { Credentials } from "@tideway/k8s";
import { openPodSocket, podSocketUrl } from "../pod-socket.ts";

/** The channels; 3 carries how the command ended, as a Status. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const STATUS = 3;

export interface ExecTarget {
  namespace: string;
  pod: string;
  container?: string;
}

export interface Executed {
  out: string;
  err: string;
  /** 0 is success. */
  code: number;
}

interface Status {
  status?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

export const execUrl = (server: string, t: ExecTarget, command: readonly string[]): string => {
  const query = new URLSearchParams([
    ["stdin", "true"],
    ["stdout", "true"],
    ["stderr", "true"],
    ...(t.container ? [["container", t.container]] : []),
    ...command.map((word) => ["command", word]),
  ] as [string, string][]);
  return podSocketUrl(server, t, "exec", query);
};

/** The exit code that a Status tells; a command that could not be run at all has none. */
export const exitCodeIn = (text: string): number | undefined => {
  const status = JSON.parse(text) as Status;
  if (status.status === "Success") return 0;
  const code = Number(status.details?.causes?.find((c) => c.reason === "ExitCode")?.message);
  return Number.isInteger(code) ? code : undefined;
};

export interface ExecOptions {
  /** For its standard input, which this protocol cannot close: the command has to know by itself where it ends. */
  input?: string;
  /**
   * What the command prints once it listens: the input is sent then. On its way are an API server, a kubelet, a container
   * runtime and a pipe, each of which was seen to be there by that. Without it the input is sent at once.
   */
  inputAfter?: string;
  signal: AbortSignal;
}

/** Runs a command in a pod through the API server and gathers what it prints. */
export const exec = async (
  c: Credentials,
  target: ExecTarget,
  command: readonly string[],
  o: ExecOptions,
): Promise<Executed> => {
  const token = await c.token?.();
  const where = `exec in pod ${target.namespace}/${target.pod}`;
  o.signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const ws = openPodSocket(execUrl(c.server, target, command), c, token, 15_000);
    const streams: Record<number, Buffer[]> = { [STDOUT]: [], [STDERR]: [], [STATUS]: [] };
    const text = (stream: number): string => Buffer.concat(streams[stream] ?? []).toString("utf8");
    const abort = (): void => {
      reject(o.signal.reason as Error);
      ws.terminate();
    };
    const fail = (why: string): void => {
      reject(new UnavailableError(`${where}: ${why}`));
      ws.terminate();
    };
    o.signal.addEventListener("abort", abort, { once: true });
    let input = o.input;
    const sendInput = (): void => {
      if (input !== undefined) ws.send(Buffer.concat([Buffer.of(STDIN), Buffer.from(input)]));
      input = undefined;
    };
    ws.on("open", () => {
      if (o.inputAfter === undefined) sendInput();
    });
    ws.on("message", (message: Buffer) => {
      streams[message[0] ?? STDERR]?.push(message.subarray(1));
      if (input !== undefined && o.inputAfter !== undefined && text(STDOUT).includes(o.inputAfter))
        sendInput();
    });
    ws.on("unexpected-response", (_request, answer) =>
      fail(`the API server answered HTTP ${answer.statusCode ?? "?"}`),
    );
    ws.on("error", (err) => fail(err.message));
    ws.on("close", () => {
      o.signal.removeEventListener("abort", abort);
      const status = text(STATUS);
      if (!status) return fail("the connection broke before the command ended");
      const code = exitCodeIn(status);
      if (code === undefined) return fail((JSON.parse(status) as Status).message ?? status);
      resolve({ out: text(STDOUT), err: text(STDERR), code });
    });
  });
};

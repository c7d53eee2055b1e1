/** What a command may touch of the process. Only main.ts builds it; tests build their own. */
export interface Io {
  /** Results, to standard output; a newline is added. */
  out(text: string): void;
  /** Progress, hints and errors, to standard error; a newline is added. */
  err(text: string): void;
  /** All of standard input. */
  stdin(): Promise<string>;
  /** Standard error, when a person watches: progress may redraw. */
  terminal?: NodeJS.WriteStream;
  /** Colours are wanted on the terminal (`NO_COLOR` and pipes switch them off). */
  color: boolean;
  env: Record<string, string | undefined>;
  /** Aborted by Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Set by a command that finished, but found something wrong (see EXIT). */
  exitCode: number;
}

const CODES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;

export type Paint = (color: keyof typeof CODES, text: string) => string;

export const painter =
  (io: Pick<Io, "color">): Paint =>
  (color, text) =>
    io.color && text ? `\u001b[${CODES[color]}m${text}\u001b[0m` : text;

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
/** Runs a tool to its end; a nonzero code is a result, not an error. Input never shows in a process list. */
export type Runner = (command: readonly string[], input?: string) => Promise<RunResult>;

import { formatElapsed } from "./duration.ts";
import { type Io, painter } from "./io.ts";

export interface Step {
  id: string;
  title: string;
  /** May not exist; one that is open when all is well is left out. */
  optional?: boolean;
}

/**
 * Shows steps of which each ends once. On a terminal they are a live list, else one line a step.
 * Everything goes to standard error, so that standard output carries the result alone.
 */
export interface Progress {
  done(id: string, detail?: string): void;
  /** Why a step is not done yet. The same text twice is shown once. */
  note(id: string, text: string): void;
  /** Steps that are still open end as failed (`false`), or as done, optional ones as left out (`true`). Resolves when all is drawn. */
  end(ok: boolean): Promise<void>;
}

export const createProgress = async (io: Io, steps: Step[], elapsed: () => number): Promise<Progress> =>
  io.terminal ? await listProgress(io, io.terminal, steps, elapsed) : lineProgress(io, steps, elapsed);

export const lineProgress = (
  io: Pick<Io, "err" | "color">,
  steps: Step[],
  elapsed: () => number,
): Progress => {
  const paint = painter(io);
  const title = (id: string): string => steps.find((s) => s.id === id)?.title ?? id;
  const width = Math.max(...steps.map((s) => s.title.length));
  const ended = new Set<string>();
  const notes = new Map<string, string>();
  const line = (mark: string, id: string, detail: string): void =>
    io.err(
      `${mark} ${title(id).padEnd(width)}  ${formatElapsed(elapsed()).padStart(7)}${detail && `  ${detail}`}`,
    );
  return {
    done: (id, detail = "") => {
      if (ended.has(id)) return;
      ended.add(id);
      line(paint("green", "✓"), id, detail);
    },
    note: (id, text) => {
      if (ended.has(id) || notes.get(id) === text) return;
      notes.set(id, text);
      line(paint("yellow", "…"), id, text);
    },
    end: (ok) => {
      const open = steps.find((s) => !ended.has(s.id));
      if (!ok && open) line(paint("red", "✗"), open.id, notes.get(open.id) ?? "");
      return Promise.resolve();
    },
  };
};

interface Task {
  title: string;
  output: string;
  skip(): void;
}

const listProgress = async (
  io: Io,
  terminal: NodeJS.WriteStream,
  steps: Step[],
  elapsed: () => number,
): Promise<Progress> => {
  const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
  const logger = new ListrLogger({ processOutput: new ProcessOutput(terminal, terminal) });
  const ends = new Map(steps.map((s) => [s.id, Promise.withResolvers<string | undefined>()]));
  const tasks = new Map<string, Task>();
  const list = new Listr(
    steps.map((s) => ({
      title: s.title,
      task: async (_: unknown, task: Task) => {
        tasks.set(s.id, task);
        const took = await ends.get(s.id)?.promise;
        if (took === undefined) task.skip();
        else if (took) task.title = `${s.title}  ${took}`;
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      rendererOptions: { logger, collapseErrors: false, showErrorMessage: false, formatOutput: "truncate" },
    },
  );
  const drawn = list.run().catch(() => undefined);
  const paint = painter(io);
  return {
    done: (id, detail = "") =>
      ends.get(id)?.resolve(`${formatElapsed(elapsed())}${detail && `  ${paint("dim", detail)}`}`),
    note: (id, text) => {
      const task = tasks.get(id);
      if (task) task.output = text;
    },
    end: async (ok) => {
      for (const { id, optional } of steps) {
        const { resolve, reject } = ends.get(id)!;
        if (ok) resolve(optional ? undefined : "");
        else reject(new Error("not done"));
      }
      await drawn;
    },
  };
};

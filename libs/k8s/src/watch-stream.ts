import type { Readable } from "node:stream";
import { UnavailableError } from "@tideway/errors";

/**
 * Reads newline-delimited JSON until the stream ends. Rejects with UnavailableError when the line breaks or
 * stays silent for `silenceMs`. Chunks are kept as buffers until a line is whole, so that a large object is
 * decoded once.
 */
export const jsonLines = <T>(body: Readable, silenceMs: number, each: (value: T) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    let rest: Buffer[] = [];
    const fail = (err: unknown): void => {
      clearTimeout(timer);
      body.destroy();
      reject(err);
    };
    const onSilence = (): void => fail(new UnavailableError(`watch was silent for ${silenceMs} ms`));
    const timer = setTimeout(onSilence, silenceMs);
    body.on("data", (chunk: Buffer) => {
      timer.refresh();
      let from = 0;
      try {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
          rest.push(chunk.subarray(from, at));
          const line = (rest.length === 1 ? rest[0]! : Buffer.concat(rest)).toString("utf8");
          rest = [];
          from = at + 1;
          if (line) each(JSON.parse(line) as T);
        }
        if (from < chunk.length) rest.push(chunk.subarray(from));
      } catch (err) {
        fail(err);
      }
    });
    body.on("end", () => {
      clearTimeout(timer);
      resolve();
    });
    body.on("error", (cause) => fail(new UnavailableError("watch broke off", { cause })));
    body.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
  });

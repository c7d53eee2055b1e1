import type { Readable } from "node:stream";
import { MisbehavedError, UnavailableError } from "@tideway/errors";
import { parseAnswer } from "./transport.ts";

/**
 * Reads newline-delimited JSON until the stream ends. Rejects with UnavailableError when the line breaks or
 * stays silent for `silenceMs`, with MisbehavedError when a line has more than `maxBytes` or is no JSON. Chunks are
 * kept as buffers until a line is whole, so that a large object is decoded once.
 */
export const jsonLines = <T>(
  body: Readable,
  o: { silenceMs: number; maxBytes: number },
  each: (value: T, bytes: number) => void,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const { silenceMs, maxBytes } = o;
    let rest: Buffer[] = [];
    let size = 0;
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
          size = 0;
          from = at + 1;
          if (line) each(parseAnswer(line) as T, line.length);
        }
        if (from === chunk.length) return;
        rest.push(chunk.subarray(from));
        size += chunk.length - from;
        if (size > maxBytes)
          throw new MisbehavedError("AnswerTooLarge", `an event of a watch has more than ${maxBytes} bytes`);
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

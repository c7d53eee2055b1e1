import { expect, test } from "vitest";
import { lineProgress } from "./progress.ts";

const started = () => {
  const lines: string[] = [];
  let ms = 0;
  const steps = [
    { id: "a", title: "discovered" },
    { id: "b", title: "ready" },
  ];
  const progress = lineProgress({ err: (l) => void lines.push(l), color: false }, steps, () => ms);
  return { lines, progress, at: (n: number) => (ms = n) };
};

test("each step is one line with the time it took, however often it is reported", () => {
  const { lines, progress, at } = started();
  at(12);
  progress.done("a", "answers");
  progress.done("a", "answers");
  at(1_234);
  progress.done("b");
  expect(lines).toEqual(["✓ discovered    12 ms  answers", "✓ ready       1234 ms"]);
});

test("what a step waits for is said once, and again when it fails", async () => {
  const { lines, progress } = started();
  progress.note("a", "no answer");
  progress.note("a", "no answer");
  await progress.end(false);
  expect(lines).toEqual(["… discovered     0 ms  no answer", "✗ discovered     0 ms  no answer"]);
});

test("a step that is done takes no notes", () => {
  const { lines, progress } = started();
  progress.done("a");
  progress.note("a", "late");
  expect(lines).toHaveLength(1);
});

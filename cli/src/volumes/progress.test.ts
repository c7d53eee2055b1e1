import { expect, it } from "vitest";
import { bar, progressIn } from "./progress.ts";

it("reads the newest line of rsync's progress", () => {
  const log = `sending\n      1,024   1%    1.00kB/s    0:01:40\n 12,380,990  95%   12.34MB/s    0:00:05\ninterrupted (rsync 12), goes on\n`;
  expect(progressIn(log)).toEqual({ bytes: 12_380_990, percent: 95, rate: "12.34MB/s", eta: "0:00:05" });
});
it("knows nothing before the first", () => {
  expect(progressIn("sending incremental file list\n")).toBeUndefined();
});
it("draws rate and time left beside the bar", () => {
  expect(bar({ bytes: 5, percent: 50, rate: "1.00MB/s", eta: "0:00:09" })).toBe(
    "██████████░░░░░░░░░░ 50%  1.00MB/s  0:00:09 left",
  );
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withLock } from "./lock.ts";

const fresh = (): string => join(mkdtempSync(join(tmpdir(), "tideway-lock-")), "lock");

it("lets one in at a time", async () => {
  const path = fresh();
  let inside = 0;
  let most = 0;
  const visit = (): Promise<void> =>
    withLock(path, async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    });
  await Promise.all(Array.from({ length: 5 }, visit));
  expect(most).toBe(1);
});

it("takes over from a holder that is dead, also when its number lives on as another process", async () => {
  const path = fresh();
  writeFileSync(path, JSON.stringify({ pid: process.pid, start: "1" }));
  await expect(withLock(path, () => Promise.resolve("in"), 2_000)).resolves.toBe("in");
});

it("is free again after an error", async () => {
  const path = fresh();
  await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(withLock(path, () => Promise.resolve("in"), 2_000)).resolves.toBe("in");
});

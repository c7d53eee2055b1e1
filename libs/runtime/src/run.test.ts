import { createLogger } from "@tideway/log";
import { afterEach, expect, test } from "vitest";
import { run, type Main } from "./index.ts";

interface Fake {
  lines: Record<string, unknown>[];
  emit(event: string, value?: unknown): void;
  exited: Promise<number>;
  health(path: string): Promise<{ status: number; text: string }>;
}
const running: Fake[] = [];

/** A process of its own for each test: signals in, exit code out. */
const start = (main: Main): Fake => {
  const lines: Record<string, unknown>[] = [];
  const handlers = new Map<string, (v?: unknown) => void>();
  let exit: (code: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => (exit = resolve));
  const log = createLogger({
    service: "test",
    destination: { write: (l) => void lines.push(JSON.parse(l) as Record<string, unknown>) },
  });
  const host = {
    env: { METRICS_PORT: "0", HEALTH_PORT: "0" },
    on: (event: string, h: (v?: unknown) => void) => handlers.set(event, h),
    exit: (code: number) => exit(code),
  };
  void run("test", main, { host, log });
  const fake: Fake = {
    lines,
    emit: (event, value) => handlers.get(event)?.(value),
    exited,
    health: async (path) => {
      const port = lines.find((l) => l.message === "starting")?.healthPort as number;
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
  };
  running.push(fake);
  return fake;
};

afterEach(async () => {
  for (const fake of running.splice(0)) {
    fake.emit("SIGTERM");
    await fake.exited;
  }
});

test("stops in reverse order after the signal is aborted, with code 0", async () => {
  const order: string[] = [];
  const ready = Promise.withResolvers<void>();
  const fake = start(async ({ onShutdown, signal }) => {
    signal.addEventListener("abort", () => order.push("abort"));
    onShutdown("bus", () => void order.push("bus"));
    onShutdown("broken", () => Promise.reject(new Error("broken")));
    onShutdown("queue", () => void order.push("queue"));
    ready.resolve();
  });
  await ready.promise;
  fake.emit("SIGTERM");
  expect(await fake.exited).toBe(0);
  expect(order).toEqual(["abort", "queue", "bus"]);
});

test("is ready when all it named is, and says what is missing", async () => {
  const gate = Promise.withResolvers<(ok: boolean) => void>();
  const fake = start(async ({ setReady }) => {
    setReady("bus", false);
    setReady("cache", true);
    gate.resolve((ok) => setReady("bus", ok));
  });
  const setBus = await gate.promise;
  expect(await fake.health("/readyz")).toEqual({ status: 503, text: "not ready: bus\n" });
  expect((await fake.health("/healthz")).status).toBe(200);
  setBus(true);
  expect((await fake.health("/readyz")).status).toBe(200);
});

test("an error of main ends with code 1 and is logged once", async () => {
  const fake = start(() => Promise.reject(new Error("no bus")));
  expect(await fake.exited).toBe(1);
  expect(fake.lines.filter((l) => l.level === "fatal")).toHaveLength(1);
});

test("a rejection nobody caught ends with code 1, after the hooks", async () => {
  let closed = false;
  const ready = Promise.withResolvers<void>();
  const fake = start(async ({ onShutdown }) => {
    onShutdown("bus", () => void (closed = true));
    ready.resolve();
  });
  await ready.promise;
  fake.emit("unhandledRejection", new Error("lost"));
  expect(await fake.exited).toBe(1);
  expect(closed).toBe(true);
});

/**
 * A peer that asks without end, as a process of its own, so that it takes nothing from who measures. Reads a line of JSON
 * for each thing to do: `{"rate": 50}` or `{"atOnce": 400}` begins, `{}` ends and answers with how often each status came.
 */
import { createInterface } from "node:readline";
import { createKube, type Credentials, type Kube } from "@tideway/k8s";
import { type Ask, ask } from "./hostile-world.ts";

/** Streams of one connection that a server lets be open at once. */
const PER_CONNECTION = 100;

const { credentials, asks } = JSON.parse(process.argv[2] ?? "{}") as {
  credentials: Credentials;
  asks: Ask[];
};
const kubes: Kube[] = [];
const kubeAt = (n: number): Kube =>
  (kubes[Math.floor(n / PER_CONNECTION)] ??= createKube(credentials, { userAgent: "flood" }));

/** Goes through all of them, however often it is ended. */
let n = 0;
let counts: Record<string, number> = {};
let end = (): Promise<unknown> => Promise.resolve();

const one = async (at: number): Promise<void> => {
  const status = await ask(kubeAt(at), asks[n++ % asks.length]!).then(
    (a) => String(a.status),
    () => "broken",
  );
  counts[status] = (counts[status] ?? 0) + 1;
};

const begin = ({ rate, atOnce = 0 }: { rate?: number; atOnce?: number }): void => {
  let on = true;
  const lane = async (at: number): Promise<void> => {
    while (on) await one(at);
  };
  const lanes = Array.from({ length: atOnce }, (_, at) => lane(at));
  const timer = rate ? setInterval(() => void one(0), 1000 / rate) : undefined;
  end = () => {
    on = false;
    clearInterval(timer);
    return Promise.all(lanes);
  };
};

for await (const line of createInterface({ input: process.stdin })) {
  const what = JSON.parse(line) as { rate?: number; atOnce?: number };
  if (what.rate || what.atOnce) begin(what);
  else {
    await end();
    process.stdout.write(`${JSON.stringify(counts)}\n`);
    counts = {};
  }
}
await Promise.all(kubes.map((k) => k.close()));

import { spawn } from "node:child_process";
import { join } from "node:path";
import { checkout } from "@tideway/platform";
import type { Cluster } from "@tideway/sandbox";

/** Asks every few milliseconds and says when that begins and when it ceases to be answered, on this machine's clock. */
const WATCH = `
const net = require("node:net");
const [host, port] = process.argv.slice(1);
const now = () => performance.timeOrigin + performance.now();
const ask = () => new Promise((resolve) => {
  const s = net.connect({ host, port: Number(port) });
  const end = (ok) => { clearTimeout(late); s.destroy(); resolve(ok); };
  const late = setTimeout(() => end(false), 200);
  s.on("connect", () => s.write("GET / HTTP/1.0\\r\\n\\r\\n"));
  s.on("data", () => end(true));
  s.on("error", () => end(false));
});
(async () => {
  console.log("watching");
  for (let was = false; ; ) {
    const is = await ask();
    if (is !== was) console.log((is ? "up " : "down ") + now());
    was = is;
    await new Promise((go) => setTimeout(go, 4));
  }
})();
`;

export type Change = "up" | "down";

export interface AddressWatch {
  /** The moment of the next change of this kind, in ms since the epoch; each is given once. */
  next(change: Change, timeoutMs?: number): Promise<number>;
  close(): void;
}

export const watchAddress = async (
  c: Cluster,
  namespace: string,
  pod: string,
  to: { host: string; port: number },
): Promise<AddressWatch> => {
  const command = ["node", "-e", WATCH, to.host, String(to.port)];
  const args = ["--kubeconfig", c.kubeconfig, "-n", namespace, "exec", pod, "--", ...command];
  const child = spawn(join(checkout, "bin/kubectl"), args, { stdio: ["ignore", "pipe", "inherit"] });
  const seen: { change: string; at: number }[] = [];
  let wake = (): void => undefined;
  let begun = false;
  let text = "";
  child.stdout.on("data", (b: Buffer) => {
    text += b.toString();
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const [change = "", at = ""] = text.slice(0, end).split(" ");
      text = text.slice(end + 1);
      if (change === "watching") begun = true;
      else seen.push({ change, at: Number(at) });
    }
    wake();
  });
  const waitFor = async <T>(look: () => T | undefined, what: string, timeoutMs: number): Promise<T> => {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`bench: ${pod} did not see ${to.host}:${to.port} ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  await waitFor(() => begun || undefined, "begin", 30_000);
  return {
    next: (change, timeoutMs = 30_000) =>
      waitFor(
        () => {
          const at = seen.findIndex((s) => s.change === change);
          return at < 0 ? undefined : seen.splice(0, at + 1).at(-1)?.at;
        },
        change,
        timeoutMs,
      ),
    close: () => void child.kill(),
  };
};

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaries } from "./binaries.ts";
import { type Child, startChild } from "./child.ts";
import { logTail } from "./daemon.ts";
import { freePorts } from "./ports.ts";
import { ensureLightPrerequisites } from "./prerequisites.ts";
import { Fatal, until } from "./wait.ts";

export interface NatsServer {
  url: string;
  /** What the server has logged so far: also who was refused what. */
  log(): string;
  stop(): Promise<void>;
  /** SIGKILL; the store stays. */
  kill(): Promise<void>;
  /** After kill(): the same port; `wipe` loses the store first. */
  start(o?: { wipe?: boolean }): Promise<void>;
}

/** A real nats-server with JetStream on a loopback port. `config` is added to its configuration file. */
export async function startNats(o: { config?: string } = {}): Promise<NatsServer> {
  await ensureLightPrerequisites();
  const dir = mkdtempSync(join(tmpdir(), "tideway-nats-"));
  const forget = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", forget);
  const [port = 0] = await freePorts(1);
  const store = join(dir, "store");
  const configFile = join(dir, "nats.conf");
  const logFile = join(dir, "nats.log");
  const base = `host: 127.0.0.1\nport: ${port}\njetstream { store_dir: ${JSON.stringify(store)}, max_file_store: 1GB }\n`;
  writeFileSync(configFile, base + (o.config ?? ""));
  const command = await binaries.nats();
  let server: Child | undefined;
  const start = async (s: { wipe?: boolean } = {}): Promise<void> => {
    if (s.wipe) rmSync(store, { recursive: true, force: true });
    if (!server || server.exited()) server = startChild(command, ["-c", configFile], logFile);
    await until(
      async () => {
        if (server?.exited()) throw new Fatal(`nats-server ended: ${logTail(logFile)}`);
        return accepts(port);
      },
      { what: "nats-server", everyMs: 10, explain: () => logTail(logFile) },
    );
  };
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    log: () => readFileSync(logFile, "utf8"),
    start,
    kill: async () => server?.end("SIGKILL"),
    async stop() {
      await server?.end("SIGKILL");
      process.removeListener("exit", forget);
      forget();
    },
  };
}

/** The server greets with INFO as soon as it serves, JetStream included. */
const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (ok: boolean): void => {
      socket.destroy();
      resolve(ok);
    };
    socket.once("data", (b) => end(b.toString().startsWith("INFO")));
    socket.once("error", () => end(false));
    socket.setTimeout(1_000, () => end(false));
  });

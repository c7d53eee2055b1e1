import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createSocket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binaries } from "./binaries.ts";
import { type Child, startChild } from "./child.ts";
import { logTail } from "./daemon.ts";
import { freePorts } from "./ports.ts";
import { ensureLightPrerequisites } from "./prerequisites.ts";
import { Fatal, until } from "./wait.ts";

export interface DnsServer {
  /** host:port, UDP and TCP. */
  address: string;
  /**
   * Replaces the zone's records: lines of a zone file (RFC 1035, section 5), names relative to the zone. Resolves when
   * the server gives them.
   */
  setZone(records: readonly string[]): Promise<void>;
  kill(): Promise<void>;
  /** After kill(): the same port, the same zone. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** How often CoreDNS looks for a new zone file. */
const RELOAD = "100ms";

/** The serial number of the zone that the server gives: SOA of `zone`, asked by hand. */
const serialOf = (zone: string, port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const labels = zone.split(".").map((l) => `${String.fromCharCode(l.length)}${l}`);
    const question = Buffer.concat([
      Buffer.from(`${labels.join("")}\0`, "latin1"),
      Buffer.from([0, 6, 0, 1]),
    ]);
    const header = Buffer.from("beef01000001000000000000", "hex");
    const socket = createSocket("udp4");
    const end = (serial?: number): void => {
      clearTimeout(timer);
      socket.close();
      resolve(serial);
    };
    const timer = setTimeout(end, 200);
    socket.once("error", () => end());
    // the last five numbers of an SOA are 32 bits each, the serial the first of them; authority records may follow
    socket.once("message", (b) => {
      const at = b.indexOf(Buffer.from([0, 6, 0, 1]), header.length + question.length);
      const length = at < 0 ? 0 : b.readUInt16BE(at + 8);
      end(length >= 20 ? b.readUInt32BE(at + 10 + length - 20) : undefined);
    });
    socket.send(Buffer.concat([header, question]), port, "127.0.0.1");
  });

/** A real CoreDNS with one zone on a loopback port. */
export async function startDns(zone: string): Promise<DnsServer> {
  await ensureLightPrerequisites();
  const dir = mkdtempSync(join(tmpdir(), "tideway-dns-"));
  const forget = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", forget);
  const [port = 0] = await freePorts(1);
  const [corefile, zoneFile, logFile] = ["Corefile", "zone", "dns.log"].map((f) => join(dir, f)) as [
    string,
    string,
    string,
  ];
  writeFileSync(
    corefile,
    `${zone}:${port} {\n  bind 127.0.0.1\n  file ${zoneFile} {\n    reload ${RELOAD}\n  }\n  errors\n}\n`,
  );
  const command = await binaries.coredns();
  let serial = 0;
  let server: Child | undefined;
  const write = (records: readonly string[]): void => {
    serial++;
    const soa = `@ 60 IN SOA ns.${zone}. admin.${zone}. ${serial} 60 60 600 1`;
    const text = [`$ORIGIN ${zone}.`, soa, `@ 60 IN NS ns.${zone}.`, "ns 60 IN A 127.0.0.1", ...records, ""];
    writeFileSync(`${zoneFile}.new`, text.join("\n"));
    renameSync(`${zoneFile}.new`, zoneFile);
  };
  const served = (): Promise<unknown> =>
    until(
      async () => {
        if (server?.exited()) throw new Fatal(`CoreDNS ended: ${logTail(logFile)}`);
        return (await serialOf(zone, port)) === serial;
      },
      { what: `the zone ${zone}`, everyMs: 10, explain: () => logTail(logFile) },
    );
  const start = async (): Promise<void> => {
    server = startChild(command, ["-conf", corefile], logFile);
    await served();
  };
  write([]);
  await start();
  return {
    address: `127.0.0.1:${port}`,
    setZone: async (records) => {
      write(records);
      await served();
    },
    kill: async () => server?.end("SIGKILL"),
    start,
    stop: async () => {
      await server?.end("SIGKILL");
      process.removeListener("exit", forget);
      forget();
    },
  };
}

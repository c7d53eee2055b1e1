/** How the tests look at what gateways built: pings, the kernel's counters, the tunnels' facts. */
import { TABLE } from "@tideway/net";
import type { Namespaces } from "@tideway/net/testing";
import { until } from "@tideway/sandbox";
import { TABLE_NAME } from "../src/desired/table.ts";
import type { TunnelFact } from "../src/ports.ts";
import type { Side } from "./fabric.ts";

export const createLook = (spaces: Namespaces) => {
  /** Whether one ping is answered within a second; within ten, for what must be answered on a busy machine too: `reaches`. */
  const ping = (ns: string, address: string, ...more: string[]): boolean => {
    try {
      spaces.run(ns, "ping", "-q", "-c", "1", "-W", "1", ...more, address);
      return true;
    } catch {
      return false;
    }
  };
  const reaches = (ns: string, address: string, ...more: string[]): boolean =>
    ping(ns, address, "-W", "10", ...more);
  const drops = (side: Side, reason: string): number => {
    const text = spaces.run(side.gateway, "nft", "-j", "list", "counter", "ip", TABLE_NAME, reason);
    const { nftables } = JSON.parse(text) as { nftables: { counter?: { packets: number } }[] };
    return nftables.find((o) => o.counter)?.counter?.packets ?? NaN;
  };
  /** A counter of the kernel's protocols in a namespace, `Icmp InEchos` for example. */
  const counter = (ns: string, protocol: string, name: string): number => {
    const lines = spaces.run(ns, "cat", "/proc/net/snmp").split("\n");
    const [names = [], values = []] = lines
      .filter((l) => l.startsWith(`${protocol}:`))
      .map((l) => l.split(" "));
    return Number(values[names.indexOf(name)]);
  };
  const tunnel = async (side: Side, name: string): Promise<TunnelFact | undefined> =>
    (await side.process.ask({ ask: "tunnels" })).tunnels.find((t) => t.clusterId === name);
  /** What the gateway says and what its kernel holds. */
  const explain = async (side: Side): Promise<string> =>
    [
      JSON.stringify((await side.process.ask({ ask: "tunnels" })).tunnels, undefined, 1),
      spaces.run(side.gateway, "ip", "rule"),
      spaces.run(side.gateway, "ip", "route", "show", "table", String(TABLE)),
      spaces.run(side.gateway, "ip", "-s", "-br", "link"),
      spaces.run(side.gateway, "nft", "list", "counters"),
    ].join("\n");
  const connected = (side: Side, name: string): Promise<unknown> =>
    until(async () => (await tunnel(side, name))?.state === "CONNECTED", {
      what: `${side.name} to ${name}`,
      explain: () => explain(side),
    });
  return { ping, reaches, drops, counter, tunnel, connected, explain };
};

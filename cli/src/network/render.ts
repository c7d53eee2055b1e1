import { formatDuration } from "../duration.ts";
import type { Paint } from "../io.ts";
import { renderTable } from "../output.ts";
import type { NetworkStatus, Seen, TunnelStatus } from "./model.ts";

export interface Look {
  paint: Paint;
  wide: boolean;
}

export const renderNetwork = (s: NetworkStatus, look: Look): string =>
  [tunnels(s, look), translations(s), problems(s, look)].filter((part) => part !== "").join("\n\n");

const UNITS = ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"] as const;
/** As line rates are given: bits, in powers of 1,000. */
export const formatRate = (bytesPerSecond: number | undefined): string => {
  if (bytesPerSecond === undefined) return "";
  let value = bytesPerSecond * 8;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[unit]}`;
};

const stateOf = (t: TunnelStatus, { paint }: Look): string =>
  t.ready === "True" ? paint("green", "Connected") : paint("yellow", t.reason || "Waiting");

const tunnels = (s: NetworkStatus, look: Look): string => {
  if (s.tunnels.length === 0) return "no tunnels: they come with peerings";
  const head = [
    "PEER",
    "STATE",
    "GATEWAY",
    "NODE",
    "WIREGUARD",
    "ENDPOINT",
    "LATENCY",
    "LOSS",
    "IN",
    "OUT",
    "HANDSHAKE",
    ...(look.wide ? ["MTU", "RECEIVED", "SENT", "ID"] : []),
  ];
  const rows = s.tunnels.map((t) => [
    t.peer,
    stateOf(t, look),
    t.gateway,
    t.node,
    t.implementation,
    t.endpoint,
    t.latencyMs === undefined ? "" : `${t.latencyMs.toFixed(1)} ms`,
    t.loss === undefined ? "" : `${(t.loss * 100).toFixed(1)} %`,
    formatRate(t.receivedBytesPerSecond),
    formatRate(t.sentBytesPerSecond),
    t.handshakeAgeSeconds === undefined
      ? ""
      : `${formatDuration(Math.max(1, t.handshakeAgeSeconds) * 1_000)} ago`,
    ...(look.wide ? [t.mtu, t.receivedBytes, t.sentBytes, t.clusterID] : []),
  ]);
  const why = s.tunnels.flatMap((t) =>
    t.ready === "True" ? [] : [`  ${t.peer}: ${t.reason}: ${t.message}`],
  );
  return [renderTable(head, rows), ...why].join("\n");
};

const seenAt = (s: Seen): string =>
  s.seenAt === undefined ? "not known yet" : s.seenAt === s.cidr ? `${s.seenAt} (as they are)` : s.seenAt;

/** Who is where for whom: the addresses that a person meets in logs. */
const translations = (s: NetworkStatus): string => {
  const rows = s.tunnels.flatMap((t): (string | undefined)[][] => {
    const { ourPods, ourExternal, theirPods, theirExternal } = t.translation;
    const line = (what: string, x: Seen | undefined, by: string): (string | undefined)[][] =>
      x ? [[t.peer, what, x.cidr, by, seenAt(x)]] : [];
    return [
      ...line("their pods", theirPods, "we"),
      ...line("their external", theirExternal, "we"),
      ...line("our pods", ourPods, t.peer),
      ...line("our external", ourExternal, t.peer),
    ];
  });
  return rows.length === 0 ? "" : renderTable(["PEER", "WHAT", "ADDRESSES", "SEEN-BY", "SEEN-AT"], rows);
};

const problems = (s: NetworkStatus, { paint }: Look): string =>
  s.problems.map((p) => `${paint("yellow", "not readable:")} ${p}`).join("\n");

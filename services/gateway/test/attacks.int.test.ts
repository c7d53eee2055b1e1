/** What a peer, or somebody on the way, can try against a gateway: none of it is delivered, and others go on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createNamespaces, type Namespaces } from "@tideway/net/testing";
import { binaries, until } from "@tideway/sandbox";
import { createFabric, FIRST_PORT, type Keys, newKeys, peer, type Side } from "./fabric.ts";
import { createLook } from "./look.ts";
import type { RelayAnswer } from "./relay-process.ts";

/** Where east sees the others, and they see east. `evil` is a peer with keys and no gateway of ours: it sends what it likes. */
const SEES = {
  eastWest: { pods: "10.61.0.0/16", external: "10.62.0.0/16" },
  westEast: { pods: "10.71.0.0/16", external: "10.72.0.0/16" },
  eastEvil: { pods: "10.65.0.0/16", external: "10.66.0.0/16" },
  evilEast: { pods: "10.91.0.0/16", external: "10.92.0.0/16" },
};
const [OURS, OTHER] = [10, 11];
const RELAY = fileURLToPath(new URL("relay-process.ts", import.meta.url));
const RELAY_PORT = 40_000;
const EVIL_PORT = FIRST_PORT + 2;
const dir = mkdtempSync(join(tmpdir(), "tideway-attacks-"));

let spaces: Namespaces;
let fabric: ReturnType<typeof createFabric>;
let look: ReturnType<typeof createLook>;
let east: Side;
let west: Side;
let relay: ChildProcess;
let evil: Wire;
let stranger: Wire;
const keys = { generation: 1, a: newKeys(), b: newKeys() };
const evilKeys = { generation: 1, a: newKeys(), b: newKeys() };

/** A bare WireGuard interface, without filter or translation, that may send to and as anybody. */
interface Wire {
  ns: string;
  device: string;
  received(): number;
  sent(): number;
  close(): Promise<void>;
}
let wires = 0;
const startWire = async (
  host: number,
  o: { keys: Keys; peer: string; endpoint: string; addresses: readonly string[]; wireguardGo: string },
): Promise<Wire> => {
  const { ns } = fabric.addHost(host);
  const device = `tw${process.pid.toString(36)}e${++wires}`;
  const child = spawn("ip", ["netns", "exec", ns, o.wireguardGo, "-f", device], { stdio: "ignore" });
  await until(
    () => {
      try {
        return Promise.resolve(spaces.run(ns, "wg", "show", device).includes("interface"));
      } catch {
        return Promise.resolve(false);
      }
    },
    { what: "a bare WireGuard interface", everyMs: 20 },
  );
  const file = join(dir, device);
  writeFileSync(file, o.keys.privateKey, { mode: 0o600 });
  const allowed = ["allowed-ips", "0.0.0.0/0", "endpoint", o.endpoint];
  spaces.run(ns, "wg", "set", device, "private-key", file, "peer", o.peer, ...allowed);
  for (const address of o.addresses) spaces.run(ns, "ip", "addr", "add", `${address}/32`, "dev", device);
  spaces.run(ns, "ip", "link", "set", device, "up");
  for (const net of Object.values(SEES.evilEast)) spaces.run(ns, "ip", "route", "add", net, "dev", device);
  const transfer = (): string[] => spaces.run(ns, "wg", "show", device, "transfer").trim().split("\t");
  return {
    ns,
    device,
    received: () => Number(transfer()[1]),
    sent: () => Number(transfer()[2]),
    close: async () => {
      const gone = once(child, "exit");
      if (child.kill()) await gone;
    },
  };
};

const startRelay = async (target: string): Promise<string> => {
  const { ns, address } = fabric.addHost(100);
  relay = spawn("ip", ["netns", "exec", ns, process.execPath, RELAY, String(RELAY_PORT), target], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  await once(relay, "message");
  return `${address}:${RELAY_PORT}`;
};
const replay = async (): Promise<number> => {
  relay.send("replay");
  const [answer] = (await once(relay, "message")) as [RelayAnswer];
  return answer.sent;
};

beforeAll(async () => {
  spaces = createNamespaces();
  look = createLook(spaces);
  const wireguardGo = await binaries.wireguardGo();
  fabric = createFabric(spaces, wireguardGo);
  [east, west] = await Promise.all([fabric.add("east", [OURS, OTHER]), fabric.add("west", [OURS])]);
  const way = await startRelay(`${west.nodeIP}:${FIRST_PORT}`);
  const both = { aPort: FIRST_PORT, bPort: FIRST_PORT, consumer: "a" } as const;
  const [aSeesB, bSeesA] = [SEES.eastWest, SEES.westEast];
  // West announces nothing to call, so that it knows only the one in the middle.
  peer({ ...both, a: east, b: west, aSeesB, bSeesA, keys: [keys], endpoints: { a: "", b: way } });
  const nobody = { ...west, name: "evil", told: { ...west.told, networks: [], keys: {} } };
  peer({
    a: east,
    b: nobody,
    aSeesB: SEES.eastEvil,
    bSeesA: SEES.evilEast,
    aPort: EVIL_PORT,
    bPort: FIRST_PORT,
    keys: [evilKeys],
    endpoints: { b: "" },
    consumer: "a",
  });
  east.told.offloaded = ["shop"];
  east.told.pods = [
    { namespace: "shop", ip: `10.200.0.${OURS}`, node: "east-1" },
    { namespace: "shop", ip: `10.61.0.${OURS}`, node: "west" },
    { namespace: "shop", ip: `10.65.0.${OURS}`, node: "evil" },
    { namespace: "bank", ip: `10.200.0.${OTHER}`, node: "east-1" },
  ];
  west.told.guests = [{ namespace: "tideway-east--shop", ip: `10.200.0.${OURS}`, node: "", origin: "east" }];
  await fabric.routeNode(east, [SEES.eastWest, SEES.eastEvil].flatMap(Object.values<string>));
  await fabric.routeNode(west, Object.values(SEES.westEast));
  await Promise.all([east.tell(), west.tell()]);
  const target = { endpoint: `${east.nodeIP}:${EVIL_PORT}`, wireguardGo };
  evil = await startWire(101, {
    ...target,
    keys: evilKeys.b,
    peer: evilKeys.a.publicKey,
    addresses: [`10.65.0.${OURS}`, "10.65.0.99", `10.61.0.${OURS}`, `10.200.0.${OTHER}`, "192.0.2.9"],
  });
  stranger = await startWire(102, {
    ...target,
    keys: newKeys(),
    peer: evilKeys.a.publicKey,
    addresses: [`10.65.0.${OURS}`],
  });
  await Promise.all([look.connected(east, "west"), look.connected(west, "east")]);
});
afterAll(async () => {
  relay?.disconnect();
  await Promise.all([evil?.close(), stranger?.close()]);
  await fabric?.close();
  spaces.removeAll();
  rmSync(dir, { recursive: true, force: true });
});

const echoes = (ns: string): number => look.counter(ns, "Icmp", "InEchos");
const asEvil = (source: number | string, target = OURS): boolean =>
  look.ping(evil.ns, `10.91.0.${target}`, "-I", typeof source === "number" ? `10.65.0.${source}` : source);
const evilReaches = (): boolean => look.reaches(evil.ns, `10.91.0.${OURS}`, "-I", `10.65.0.${OURS}`);
const othersGoOn = (): void => {
  expect(look.reaches(east.pod(OURS), `10.61.0.${OURS}`)).toBe(true);
  expect(look.reaches(west.pod(OURS), `10.71.0.${OURS}`)).toBe(true);
};

describe("packets that are sent again", () => {
  it("arrive at the gateway, and are delivered to nobody", async () => {
    const target = west.pod(OURS);
    const before = echoes(target);
    expect(look.reaches(east.pod(OURS), `10.61.0.${OURS}`)).toBe(true);
    expect(echoes(target)).toBe(before + 1);
    const arrived = (): number => look.counter(west.gateway, "Udp", "InDatagrams");
    const outer = arrived();
    const sent = await replay();
    expect(sent).toBeGreaterThan(0); // that ping among them
    await until(() => Promise.resolve(arrived() >= outer + sent), { what: "the old packets" });
    // What comes after them by the same way is delivered, so they would have been too.
    expect(look.reaches(east.pod(OURS), `10.61.0.${OURS}`)).toBe(true);
    expect(echoes(target)).toBe(before + 2);
  });
});

describe("a stranger with keys that nobody knows", () => {
  it("gets no answer, and nothing in", async () => {
    const before = echoes(east.pod(OURS));
    const outer = look.counter(east.gateway, "Udp", "InDatagrams");
    expect(look.ping(stranger.ns, `10.91.0.${OURS}`)).toBe(false);
    expect(look.counter(east.gateway, "Udp", "InDatagrams")).toBeGreaterThan(outer);
    expect(stranger.received()).toBe(0);
    expect(echoes(east.pod(OURS))).toBe(before);
    othersGoOn();
  });
});

describe("a peer that sends what it likes", () => {
  let before: number;
  beforeEach(() => {
    before = echoes(east.pod(OURS));
  });

  it("reaches what is open to it", () => {
    expect(evilReaches()).toBe(true);
    expect(echoes(east.pod(OURS))).toBe(before + 1);
  });

  it.each([
    ["another peer's pod", `10.61.0.${OURS}`],
    ["a pod of this cluster", `10.200.0.${OTHER}`],
    ["somebody in the internet", "192.0.2.9"],
  ])("is dropped in the tunnel as %s", (_, source) => {
    const [denied, sent] = [look.drops(east, "denied"), evil.sent()];
    expect(asEvil(source)).toBe(false);
    expect(evil.sent()).toBeGreaterThan(sent);
    // The next packet by the same way comes in, alone.
    expect(evilReaches()).toBe(true);
    expect(echoes(east.pod(OURS))).toBe(before + 1);
    expect(look.drops(east, "denied")).toBe(denied); // it did not even come to the filter
    othersGoOn();
  });

  it("is denied as a pod of its own that nobody offloaded to it", () => {
    const denied = look.drops(east, "denied");
    expect(asEvil(99)).toBe(false);
    expect(look.drops(east, "denied")).toBeGreaterThan(denied);
  });

  it("is denied what is not of the pod's namespace", () => {
    const [denied, reached] = [look.drops(east, "denied"), echoes(east.pod(OTHER))];
    expect(asEvil(OURS, OTHER)).toBe(false);
    expect(look.drops(east, "denied")).toBeGreaterThan(denied);
    expect(echoes(east.pod(OTHER))).toBe(reached);
    othersGoOn();
  });

  it("finds no way to addresses that it was not told", () => {
    spaces.run(evil.ns, "ip", "route", "add", `10.200.0.${OURS}/32`, "dev", evil.device);
    const drops = look.drops(east, "untranslated") + look.drops(east, "denied");
    expect(look.ping(evil.ns, `10.200.0.${OURS}`, "-I", `10.65.0.${OURS}`)).toBe(false);
    expect(look.drops(east, "untranslated") + look.drops(east, "denied")).toBeGreaterThan(drops);
    expect(echoes(east.pod(OURS))).toBe(before);
  });
});

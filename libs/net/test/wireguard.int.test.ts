import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLogger } from "@tideway/log";
import { binaries } from "@tideway/sandbox";
import { type Kernel, type WireguardDevice, createKernel, processRunner } from "../src/index.ts";
import { type Namespaces, createNamespaces } from "../src/testing.ts";

const keys = (): { privateKey: string; publicKey: string } => {
  const privateKey = execFileSync("wg", ["genkey"], { encoding: "utf8" }).trim();
  return {
    privateKey,
    publicKey: execFileSync("wg", ["pubkey"], { input: privateKey, encoding: "utf8" }).trim(),
  };
};

let spaces: Namespaces;
let wireguardGo: string;
let ended: AbortController;
const commands: string[] = [];
const died: string[] = [];

const driver = (namespace: string): Kernel => {
  const run = processRunner(namespace);
  return createKernel({
    log: silentLogger,
    signal: ended.signal,
    namespace,
    wireguardGo,
    onWireguardExit: (name) => died.push(name),
    runner: (command, input) => {
      commands.push(command.join(" "));
      return run(command, input);
    },
  });
};

beforeAll(async () => {
  wireguardGo = await binaries.wireguardGo();
  spaces = createNamespaces();
  ended = new AbortController();
});
afterEach(() => {
  ended.abort();
  ended = new AbortController();
});
afterAll(() => spaces.removeAll());

/** Two hosts on one wire, each with the other as its only peer. */
const pair = (): {
  a: Kernel;
  b: Kernel;
  nsA: string;
  nsB: string;
  deviceA: WireguardDevice;
  deviceB: WireguardDevice;
} => {
  const [nsA, nsB] = [spaces.add("a"), spaces.add("b")];
  spaces.connect(
    { ns: nsA, device: "eth0", address: "192.0.2.1/24" },
    { ns: nsB, device: "eth0", address: "192.0.2.2/24" },
  );
  const [keyA, keyB] = [keys(), keys()];
  const device = (name: string, own: string, port: number, peer: string, n: 1 | 2): WireguardDevice => ({
    name: `tw-${process.pid}${name}`,
    privateKey: own,
    listenPort: port,
    mtu: 1420,
    addresses: [`10.50.0.${n}/24`],
    peers: [
      {
        publicKey: peer,
        endpoint: n === 1 ? "192.0.2.2:51822" : "192.0.2.1:51820",
        allowedIPs: [`10.50.0.${3 - n}/32`],
        keepaliveSeconds: 5,
      },
    ],
  });
  return {
    nsA,
    nsB,
    a: driver(nsA),
    b: driver(nsB),
    deviceA: device("a", keyA.privateKey, 51_820, keyB.publicKey, 1),
    deviceB: device("b", keyB.privateKey, 51_822, keyA.publicKey, 2),
  };
};

describe("WireGuard", () => {
  it("connects two hosts, tells its state, and writes nothing the second time", async () => {
    const { a, b, nsA, deviceA, deviceB } = pair();
    await a.wireguard.apply(deviceA);
    await b.wireguard.apply(deviceB);
    expect(spaces.run(nsA, "ping", "-c", "1", "-W", "30", "10.50.0.2")).toContain(" 0% packet loss");
    const before = { ...a.writes };
    expect((await a.wireguard.apply(deviceA)).lines).toEqual([]);
    expect(a.writes).toEqual(before);
    const status = await a.wireguard.status();
    expect([...status.keys()]).toEqual([deviceA.name]);
    const [peer] = status.get(deviceA.name)!.peers;
    expect(peer).toMatchObject({
      publicKey: deviceA.peers[0]!.publicKey,
      endpoint: "192.0.2.2:51822",
      keepaliveSeconds: 5,
      allowedIPs: ["10.50.0.2/32"],
    });
    expect(peer!.receivedBytes).toBeGreaterThan(0);
    expect(Math.abs(peer!.lastHandshake! - Date.now() / 1000)).toBeLessThan(60);
    expect(["kernel", "userspace"]).toContain(await a.wireguard.implementation());
    expect(commands.join("\n")).not.toContain(deviceA.privateKey);
  });

  it("writes only what differs: a peer's prefixes, another port, a peer that leaves", async () => {
    const { a, deviceA } = pair();
    await a.wireguard.apply(deviceA);
    const [peer] = deviceA.peers;
    const more = { ...deviceA, peers: [{ ...peer!, allowedIPs: ["10.50.0.2/32", "10.60.0.0/16"] }] };
    expect((await a.wireguard.apply(more)).lines).toEqual([
      `wg set ${deviceA.name} peer ${peer!.publicKey} allowed-ips 10.50.0.2/32,10.60.0.0/16`,
    ]);
    expect((await a.wireguard.apply({ ...more, listenPort: 51_830 })).lines).toEqual([
      `wg set ${deviceA.name} listen-port 51830`,
    ]);
    expect((await a.wireguard.apply({ ...more, listenPort: 51_830, peers: [] })).lines).toEqual([
      `wg set ${deviceA.name} peer ${peer!.publicKey} remove`,
    ]);
    await a.wireguard.remove(deviceA.name);
    expect((await a.wireguard.remove(deviceA.name)).lines).toEqual([]);
    expect((await a.wireguard.status()).size).toBe(0);
  });

  it("calls a peer anew by one command when told to", async () => {
    const { a, deviceA } = pair();
    await a.wireguard.apply(deviceA);
    const [peer] = deviceA.peers;
    const { lines } = await a.wireguard.apply({ ...deviceA, peers: [{ ...peer!, anew: true }] });
    const key = peer!.publicKey;
    expect(lines).toEqual([
      `wg set ${deviceA.name} peer ${key} remove peer ${key} endpoint ${peer!.endpoint} persistent-keepalive 5 allowed-ips 10.50.0.2/32`,
    ]);
    expect((await a.wireguard.apply(deviceA)).lines).toEqual([]);
  });

  it("leaves a peer where it roamed to until another endpoint is asked for", async () => {
    const { a, b, nsA, nsB, deviceA, deviceB } = pair();
    await a.wireguard.apply(deviceA);
    await b.wireguard.apply({ ...deviceB, listenPort: 51_899 });
    spaces.run(nsB, "ping", "-c", "1", "-W", "30", "10.50.0.1");
    const endpoint = async (): Promise<string | undefined> =>
      (await a.wireguard.status()).get(deviceA.name)!.peers[0]!.endpoint;
    await expect.poll(endpoint).toBe("192.0.2.2:51899");
    expect((await a.wireguard.apply(deviceA)).lines).toEqual([]);
    expect(await endpoint()).toBe("192.0.2.2:51899");
    const moved = { ...deviceA, peers: [{ ...deviceA.peers[0]!, endpoint: "192.0.2.9:51822" }] };
    expect((await a.wireguard.apply(moved)).lines).toEqual([
      `wg set ${deviceA.name} peer ${deviceA.peers[0]!.publicKey} endpoint 192.0.2.9:51822`,
    ]);
    expect(nsA).not.toBe(nsB);
  });

  it("starts again when its interface was taken away", async () => {
    const { a, nsA, deviceA } = pair();
    await a.wireguard.apply(deviceA);
    spaces.run(nsA, "ip", "link", "del", deviceA.name);
    await expect.poll(() => a.wireguard.status()).toEqual(new Map());
    if ((await a.wireguard.implementation()) === "userspace")
      await expect.poll(() => died).toContain(deviceA.name);
    expect((await a.wireguard.apply(deviceA)).lines.length).toBeGreaterThan(1);
    expect((await a.wireguard.status()).get(deviceA.name)?.peers).toHaveLength(1);
  });

  it("refuses what is no key, and names it without telling the private one", async () => {
    const { a, deviceA } = pair();
    const bad = a.wireguard.apply({ ...deviceA, peers: [{ publicKey: "nonsense", allowedIPs: [] }] });
    await expect(bad).rejects.toThrow(/wg set .*failed.*nonsense/);
    await expect(bad).rejects.not.toThrow(deviceA.privateKey);
  });

  it("ends its processes with the signal", async () => {
    const { a, nsA, deviceA } = pair();
    await a.wireguard.apply(deviceA);
    const userspace = (await a.wireguard.implementation()) === "userspace";
    ended.abort();
    if (userspace) await expect.poll(() => spaces.run(nsA, "ip", "-br", "link")).not.toContain(deviceA.name);
  });
});

import { type LinkState, linkSteps, readLinks } from "./links.ts";
import { type Tools, NOTHING, batch, failed, read } from "./transaction.ts";
import type {
  Applied,
  KernelOptions,
  Wireguard,
  WireguardDevice,
  WireguardImplementation,
  WireguardPeer,
  WireguardStatus,
} from "./types.ts";
import { type WireguardState, parseDump } from "./wireguard-dump.ts";
import { userspace } from "./wireguard-process.ts";

const PROBE = "twprobe";
/** `wg` opens /dev/stdin by name, which works for a pipe but not for the socket that Node gives a child. */
const PIPED = 'cat | "$@"';

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join() === [...b].sort().join();

/** The arguments of `wg set` from what there is to what is wanted. Private keys come by stdin. */
export const wgArguments = (
  want: WireguardDevice,
  have: WireguardState | undefined,
  /** The endpoint that was last asked for of a peer. Where it roamed to since is left alone. */
  asked: ReadonlyMap<string, string | undefined>,
): string[] => {
  const out: string[] = [];
  if (have?.listenPort !== want.listenPort) out.push("listen-port", String(want.listenPort));
  if (have?.privateKey !== want.privateKey) out.push("private-key", "/dev/stdin");
  const peer = (p: WireguardPeer): string[] => {
    const there = have?.peers.find((x) => x.publicKey === p.publicKey);
    const old = p.anew ? undefined : there;
    const removal = there && p.anew ? ["peer", p.publicKey, "remove"] : [];
    const words: string[] = [];
    if (p.endpoint !== undefined && (!old?.endpoint || asked.get(p.publicKey) !== p.endpoint))
      words.push("endpoint", p.endpoint);
    if ((old?.keepaliveSeconds ?? 0) !== (p.keepaliveSeconds ?? 0))
      words.push("persistent-keepalive", String(p.keepaliveSeconds ?? 0));
    if (!sameList(old?.allowedIPs ?? [], p.allowedIPs)) words.push("allowed-ips", p.allowedIPs.join(","));
    return words.length > 0 || !old ? [...removal, "peer", p.publicKey, ...words] : [];
  };
  for (const old of have?.peers ?? [])
    if (!want.peers.some((p) => p.publicKey === old.publicKey)) out.push("peer", old.publicKey, "remove");
  return [...out, ...want.peers.flatMap(peer)];
};

export const createWireguard = (o: KernelOptions, tools: Tools): Wireguard => {
  const processes = userspace(o, tools);
  const asked = new Map<string, Map<string, string | undefined>>();
  let found: Promise<WireguardImplementation> | undefined;

  const probe = async (): Promise<WireguardImplementation> => {
    const wanted = o.wireguardImplementation ?? "auto";
    if (wanted !== "auto") return wanted;
    await tools.run(["ip", "link", "del", "dev", PROBE]); // of a process that ended in between
    const { code } = await tools.run(["ip", "link", "add", "name", PROBE, "type", "wireguard"]);
    if (code === 0) await tools.run(["ip", "link", "del", "dev", PROBE]);
    return code === 0 ? "kernel" : "userspace";
  };
  const implementation = (): Promise<WireguardImplementation> => (found ??= probe());

  /** Undefined when nothing answers to the name. */
  const stateOf = async (name: string): Promise<WireguardState | undefined> => {
    const { code, stdout } = await tools.run(["wg", "show", name, "dump"]);
    return code === 0 ? parseDump(stdout.replaceAll(/^(?=.)/gm, `${name}\t`)).get(name) : undefined;
  };

  const make = async (name: string): Promise<string> => {
    tools.wrote("wireguard");
    if ((await implementation()) === "userspace") {
      await processes.start(name);
      return `wireguard-go -f ${name}`;
    }
    const command = ["ip", "link", "add", "name", name, "type", "wireguard"];
    const result = await tools.run(command);
    if (result.code !== 0) throw failed(command, result);
    return command.join(" ");
  };

  const configure = async (device: WireguardDevice, have: WireguardState | undefined): Promise<Applied> => {
    const args = wgArguments(device, have, asked.get(device.name) ?? new Map());
    asked.set(device.name, new Map(device.peers.map((p) => [p.publicKey, p.endpoint])));
    if (args.length === 0) return NOTHING;
    const command = ["wg", "set", device.name, ...args];
    tools.wrote("wireguard");
    const result = args.includes("private-key")
      ? await tools.run(["sh", "-c", PIPED, "sh", ...command], `${device.privateKey}\n`)
      : await tools.run(command);
    if (result.code === 0) return { lines: [command.join(" ")] };
    asked.delete(device.name);
    // wg repeats a key that it cannot read.
    const stderr = result.stderr.replaceAll(device.privateKey, "(private key)");
    throw failed(command, { ...result, stderr });
  };

  const remove = async (name: string): Promise<Applied> => {
    asked.delete(name);
    if (!(await readLinks(tools)).has(name)) {
      await processes.stop(name); // still starting, or its interface was deleted under it
      return NOTHING;
    }
    if (!(await processes.stop(name)))
      return batch(tools, "wireguard", ["ip"], [{ line: `link del dev ${name}` }]);
    tools.wrote("wireguard");
    return { lines: [`end of wireguard-go -f ${name}`] };
  };

  return {
    implementation,
    remove,
    apply: async (device) => {
      const lines: string[] = [];
      let links: ReadonlyMap<string, LinkState> = await readLinks(tools);
      let have = links.has(device.name) ? await stateOf(device.name) : undefined;
      if (!have) {
        await remove(device.name); // a device without WireGuard behind it, or a process without device
        asked.delete(device.name);
        lines.push(await make(device.name));
        links = await readLinks(tools);
        have = undefined;
      }
      lines.push(...(await configure(device, have)).lines);
      const { name, mtu, addresses } = device;
      const link = { name, ...(mtu === undefined ? {} : { mtu }), addresses: addresses ?? [] };
      lines.push(...(await batch(tools, "link", ["ip"], linkSteps(link, links.get(name)))).lines);
      return { lines };
    },
    status: async () => {
      const [text, links] = await Promise.all([read(tools, ["wg", "show", "all", "dump"]), readLinks(tools)]);
      const here = [...parseDump(text ?? "")].filter(([name]) => links.has(name)); // sockets of other namespaces show too
      return new Map(
        here.map(([name, { listenPort, publicKey, peers }]): [string, WireguardStatus] => [
          name,
          { name, listenPort, publicKey, peers },
        ]),
      );
    },
  };
};

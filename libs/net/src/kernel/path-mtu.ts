import type { Tools } from "./transaction.ts";

interface RouteTo {
  readonly dst: string;
  readonly metrics?: readonly { readonly mtu?: number }[];
}

/** Largest packets to these addresses, of those for which the kernel knows less than the device takes (RFC 1191). */
export const pathMtus = async (
  tools: Tools,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  if (addresses.length === 0) return new Map();
  const asked = [...new Set(addresses)].map((a) => `route get ${a}\n`).join("");
  // Forced: an address without a way is no reason to know nothing of the others.
  const { stdout } = await tools.run(["ip", "-j", "-force", "-batch", "-"], asked);
  const routes = stdout
    .split("\n")
    .filter((line) => line.startsWith("["))
    .flatMap((line) => JSON.parse(line) as RouteTo[]);
  return new Map(
    routes.flatMap(({ dst, metrics }) => {
      const mtu = metrics?.find((m) => m.mtu !== undefined)?.mtu;
      return mtu === undefined ? [] : [[dst, mtu] as const];
    }),
  );
};

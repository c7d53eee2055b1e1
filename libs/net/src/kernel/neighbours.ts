import { macOf } from "../names.ts";
import { type Step, type Tools, batch, readList } from "./transaction.ts";
import type { Applied, OverlayEndpoint } from "./types.ts";

interface FdbState {
  readonly mac: string;
  readonly dst?: string;
}
interface NeighbourState {
  readonly dst: string;
  readonly lladdr?: string;
}

/** What differs between two maps; `set` also changes. */
const difference = (
  want: ReadonlyMap<string, string>,
  have: ReadonlyMap<string, string>,
  set: (key: string, value: string) => string,
  remove: (key: string, value: string) => string,
): Step[] => [
  ...[...want]
    .filter(([key, value]) => have.get(key) !== value)
    .map(([key, value]) => {
      const old = have.get(key);
      return { line: set(key, value), undo: old === undefined ? remove(key, value) : set(key, old) };
    }),
  ...[...have]
    .filter(([key]) => !want.has(key))
    .map(([key, value]) => ({ line: remove(key, value), undo: set(key, value) })),
];

export const applyNeighbours = async (
  tools: Tools,
  device: string,
  endpoints: readonly OverlayEndpoint[],
): Promise<Applied> => {
  const [fdb, neighbours] = await Promise.all([
    readList<FdbState>(tools, ["bridge", "-j", "fdb", "show", "dev", device]),
    readList<NeighbourState>(tools, ["ip", "-j", "neigh", "show", "dev", device, "nud", "permanent"]),
  ]);
  const macs = endpoints.map((e) => [e.address, e.mac ?? macOf(e.address)] as const);
  const fdbSteps = difference(
    new Map(macs.map(([address, mac]) => [mac, address])),
    new Map(fdb.flatMap((f) => (f.dst === undefined ? [] : [[f.mac, f.dst] as const]))),
    (mac, address) => `fdb replace ${mac} dev ${device} dst ${address} self permanent`,
    (mac, address) => `fdb del ${mac} dev ${device} dst ${address} self`,
  );
  const neighbourSteps = difference(
    new Map(macs),
    new Map(neighbours.flatMap((n) => (n.lladdr === undefined ? [] : [[n.dst, n.lladdr] as const]))),
    (address, mac) => `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`,
    (address) => `neigh del ${address} dev ${device}`,
  );
  const first = await batch(tools, "fdb", ["bridge"], fdbSteps);
  const second = await batch(tools, "neighbour", ["ip"], neighbourSteps);
  return { lines: [...first.lines, ...second.lines] };
};

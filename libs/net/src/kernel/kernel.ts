import { applyLinks, removeLink } from "./links.ts";
import { applyNeighbours } from "./neighbours.ts";
import { readCounters } from "./nft-read.ts";
import { createKnown } from "./nft-known.ts";
import { applyTable, checkTables, forwardsAtEgress, removeTable } from "./nft.ts";
import { pathMtus } from "./path-mtu.ts";
import { applyRoutes } from "./routes.ts";
import { processRunner } from "./runner.ts";
import { type Tools, serial } from "./transaction.ts";
import { type Kernel, type KernelOptions, WRITE_KINDS, type WriteKind } from "./types.ts";
import { watch } from "./watch.ts";
import { createWireguard } from "./wireguard.ts";

export const createKernel = (o: KernelOptions): Kernel => {
  const counter = o.metrics?.counter({
    name: "tideway_kernel_writes_total",
    help: "Transactions that changed the kernel's network state",
    labels: { kind: WRITE_KINDS },
  });
  const writes = Object.fromEntries(WRITE_KINDS.map((kind) => [kind, 0])) as Record<WriteKind, number>;
  const tools: Tools = {
    run: o.runner ?? processRunner(o.namespace),
    wrote: (kind) => {
      writes[kind]++;
      counter?.inc({ kind });
    },
  };
  const known = createKnown();
  const [links, routes, neighbours, nft] = [serial(), serial(), serial(), serial()];
  const tunnels = new Map<string, ReturnType<typeof serial>>();
  const tunnel = (name: string): ReturnType<typeof serial> => {
    const own = tunnels.get(name) ?? serial();
    tunnels.set(name, own);
    return own;
  };
  const wireguard = createWireguard(o, tools);
  let egress: Promise<boolean> | undefined;
  return {
    applyLinks: (wanted) => links(() => applyLinks(tools, wanted)),
    removeLink: (name) => links(() => removeLink(tools, name)),
    applyRoutes: (routing) => routes(() => applyRoutes(tools, routing)),
    applyNeighbours: (device, endpoints) => neighbours(() => applyNeighbours(tools, device, endpoints)),
    applyTable: (table) => nft(() => applyTable(tools, known, table)),
    removeTable: (name, family = "ip") => nft(() => removeTable(tools, known, name, family)),
    forwardsAtEgress: () => (egress ??= forwardsAtEgress(tools)),
    pathMtus: (addresses) => pathMtus(tools, addresses),
    counters: (table, family = "ip") => readCounters(tools, family, table),
    wireguard: {
      implementation: () => wireguard.implementation(),
      apply: (device) => tunnel(device.name)(() => wireguard.apply(device)),
      remove: (name) => tunnel(name)(() => wireguard.remove(name)),
      status: () => wireguard.status(),
    },
    writes,
    watch: (changed, signal) => watch(o, { known, check: () => checkTables(tools, known) }, changed, signal),
  };
};

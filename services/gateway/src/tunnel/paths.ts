import type { Kernel } from "@tideway/net";
import type { NetworkFact } from "../ports.ts";
import { type Memory, peerStatus } from "./memory.ts";
import type { StatusMap } from "./status.ts";

export interface PathDeps {
  memories: ReadonlyMap<string, Memory>;
  network: (id: string) => NetworkFact | undefined;
  status: () => StatusMap;
  kernel: Pick<Kernel, "pathMtus">;
  /** The tunnel to this peer has to become narrower. */
  narrowed: (id: string) => void;
}

/** `192.0.2.1:51820` or `[2001:db8::1]:51820` */
const hostOf = (endpoint: string): string => endpoint.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");

/**
 * Looks what the kernel has learnt of the ways to the peers' gateways. Routers that let less pass say so to whoever sent
 * too much, which is WireGuard; and it goes on to send packets of its interface's size, of which the kernel then takes
 * none that come by the batch. What was learnt once is kept as long as the peer is called there: the kernel forgets it
 * after ten minutes, and learns it anew only by losing packets.
 */
export const createPaths = (d: PathDeps) => async (): Promise<void> => {
  const status = d.status();
  const called = [...d.memories].flatMap(([id, memory]) => {
    const fact = d.network(id);
    const endpoint = fact && peerStatus(status, fact, memory.active ?? 0)?.endpoint;
    return endpoint ? [{ id, memory, host: hostOf(endpoint) }] : [];
  });
  const mtus = await d.kernel.pathMtus(called.map((c) => c.host));
  for (const { id, memory, host } of called) {
    const known = memory.path?.host === host ? memory.path.mtu : Infinity;
    if (memory.path && memory.path.host !== host) delete memory.path;
    const mtu = mtus.get(host) ?? Infinity;
    if (mtu >= known) continue;
    memory.path = { host, mtu };
    d.narrowed(id);
  }
};

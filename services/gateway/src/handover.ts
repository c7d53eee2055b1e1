import type { TunnelFact } from "./ports.ts";

/**
 * A gateway that is told to end forwards until another one has an answer from each of its peers. It asks nothing any
 * more: a packet of ours would make the peer send its answers here instead of to the new one.
 */
export const handOver = async (d: {
  carried: readonly string[];
  tunnel: (id: string) => TunnelFact | undefined;
  podName: string;
  hush: (id: string) => void;
  /** ms. */
  atMost: number;
}): Promise<string[]> => {
  for (const id of d.carried) d.hush(id);
  const waiting = new Set(d.carried);
  const deadline = performance.now() + d.atMost;
  for (;;) {
    for (const id of waiting) {
      const said = d.tunnel(id);
      if (said?.state === "GONE" || (said?.state === "CONNECTED" && said.gateway !== d.podName))
        waiting.delete(id);
    }
    if (waiting.size === 0 || performance.now() >= deadline) return [...waiting];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

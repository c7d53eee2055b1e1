import { nodes } from "@tideway/k8s";
import { type Bed, seen, watching } from "./bed.ts";
import { type Result, summarise } from "./result.ts";

/** The provider's API server is killed and started again. */
export const benchOutage = async (bed: Bed, rounds: number): Promise<Result[]> => {
  await using seenNodes = await watching(bed, bed.east, nodes);
  const ready = (): string | undefined =>
    seenNodes.get("west")?.status?.conditions?.find((c) => c.type === "Ready")?.status;
  const lost: number[] = [];
  const back: number[] = [];
  for (let i = 0; i < rounds; i++) {
    await seen(seenNodes, "virtual node Ready", () => ready() === "True");
    const killedAt = performance.now();
    await bed.west.cluster.killApiServer();
    await seen(seenNodes, "virtual node NotReady", () => ready() !== "True");
    lost.push(performance.now() - killedAt);
    await bed.west.cluster.startApiServer(); // resolves when the API server says it is ready
    const backAt = performance.now();
    await seen(seenNodes, "virtual node Ready again", () => ready() === "True");
    back.push(performance.now() - backAt);
    bed.report(
      `outage ${i + 1}/${rounds}: NotReady after ${lost.at(-1)!.toFixed(0)} ms, Ready ${back.at(-1)!.toFixed(0)} ms after the return`,
    );
  }
  const l = summarise(lost);
  const b = summarise(back);
  return [
    {
      name: "provider's API server killed: virtual node NotReady",
      unit: "ms",
      ...l,
      target: "<= 3000",
      met: l.p99 <= 3000,
    },
    {
      name: "provider's API server back: virtual node Ready",
      unit: "ms",
      ...b,
      target: "<= 2000",
      met: b.p99 <= 2000,
    },
  ];
};

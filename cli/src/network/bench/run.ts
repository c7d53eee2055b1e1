import { CliError } from "../../exit.ts";
import { exec } from "../exec.ts";
import { addressFor } from "../matrix/plan.ts";
import { MEASURE, RAW_PORT } from "../matrix/scripts.ts";
import type { Built } from "../matrix/world.ts";
import type { Way } from "./model.ts";
import { rttOf } from "./render.ts";

type Spots = Built["spots"];
export interface Pair {
  from: Spots[number];
  to: Spots[number];
  local: boolean;
}

/** Every way across between pods, both directions, and one within this cluster to compare with. */
export const pairs = (spots: Spots): Pair[] => {
  const pods = spots.filter((s) => s.kind === "pod");
  const ours = pods.filter((s) => s.side === "ours");
  const theirs = pods.filter((s) => s.side === "theirs");
  const across = ours.flatMap((a) =>
    theirs.flatMap((b) => [
      { from: a, to: b, local: false },
      { from: b, to: a, local: false },
    ]),
  );
  const [first, second] = ours;
  return [...(first && second ? [{ from: first, to: second, local: true }] : []), ...across];
};

export interface Load {
  seconds: number;
  streams: number;
  pings: number;
  signal: AbortSignal;
}

/** One way: bytes flow from `to` to `from`, which counts them. */
export const measure = async ({ from, to, local }: Pair, load: Load): Promise<Way> => {
  const host = addressFor(from, to);
  const { seconds, streams, pings, signal } = load;
  const wish = JSON.stringify({ host, port: RAW_PORT, seconds, streams, pings });
  const target = { namespace: from.namespace, pod: from.pod, container: "main" };
  const done = await exec(from.stage.kube.credentials, target, ["node", "-e", MEASURE, wish], {
    signal,
  });
  if (done.code !== 0)
    throw new CliError(`${from.id} to ${to.id} (${host ?? "no address"}): ${done.err.trim()}`, {
      next: "see whether it passes at all: tideway network test",
    });
  const { rtt, bytesPerSecond } = JSON.parse(done.out) as { rtt: number[]; bytesPerSecond: number };
  return { from: from.id, to: to.id, local, bytesPerSecond: Math.round(bytesPerSecond), rtt: rttOf(rtt) };
};

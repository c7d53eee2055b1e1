import type { PeerConditionWriter } from "@tideway/api/foreign-cluster-condition";
import type { Line } from "./describe.ts";
import type { Link } from "./model.ts";
import * as objects from "./objects.ts";
import { DIRECTIONS, type Peers } from "./peers.ts";

export interface ShowDeps {
  condition: PeerConditionWriter;
  writer: objects.Writer;
  peers: Pick<Peers, "broughtConfigs">;
}

const ACCEPTED: Line = { status: "True", reason: "Accepted", message: "its networks and keys are used" };

/** What people look at: whether packets cross, and whether what the peer told of itself is used. */
export const show = async (d: ShowDeps, target: objects.Target, link: Link, line: Line): Promise<void> => {
  const acceptance = link.refusal ? ({ status: "False", ...link.refusal } as const) : ACCEPTED;
  await Promise.all([
    d.condition.write(link.name, line, target.signal),
    objects.writeTunnelStatus(d.writer, target, line, link.tunnel),
    ...d.peers
      .broughtConfigs(link.id, ...DIRECTIONS)
      .map((c) => objects.writeAcceptance(d.writer, c, acceptance, target.signal)),
  ]);
};

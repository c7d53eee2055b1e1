/** The condition Discovered: how this cluster was found, and what the policy says of it. Pure. */
import { foundOf } from "@tideway/api";
import { verdictOf, type Line, type World } from "./world.ts";

const REASONS = { join: "JoinedByRule", ask: "AsksPerson", never: "NeverByRule" } as const;
const short = (pin: string): string => pin.slice(0, 19);

/** Somebody announces the same ID with another key. What stands is not changed by it. */
const conflict = ({ cluster, strangers }: World): Line | undefined => {
  const [stranger] = strangers;
  if (!stranger) return undefined;
  const { endpoint, pin } = stranger.announcement;
  return {
    status: "False",
    reason: "PinConflict",
    message:
      `${endpoint} announces this cluster ID by ${stranger.way} in ${stranger.domain} with the key ${short(pin)}..., ` +
      `which is not one of ${cluster.spec.pins.map(short).join(", ")}...; nothing was changed`,
    serious: true,
  };
};

/** Undefined for a cluster that was neither found nor left to the policy. */
export const discovered = (w: World): Line | undefined => {
  const found = foundOf(w.cluster);
  const where = found.map((f) => `${f.way} in ${f.domain}`).join(", ");
  const { outgoingPeering: outgoing = "No" } = w.cluster.spec;
  const refused = conflict(w);
  if (refused) return refused;
  if (found.length === 0 && outgoing !== "Auto") return undefined;
  const how = where ? `found by ${where}` : "made known by a person";
  if (outgoing !== "Auto")
    return { status: "True", reason: "DecidedByPerson", message: `${how}; outgoingPeering is ${outgoing}` };
  const v = verdictOf(w);
  const by = v.rule ? `rule "${v.rule}" says ${v.action}` : `${v.action} by default`;
  return {
    status: "True",
    reason: REASONS[v.action],
    message: `${how}; ${by}${v.reason ? `: ${v.reason}` : ""}`,
  };
};

/** From the objects of one peer: the facts that others learn, and the condition of its ForeignCluster. Pure. */
import type { ConditionInput, ResourceOffer, ResourceRequest } from "@tideway/api";
import type { FactInput } from "@tideway/protos";

export type Direction = "outgoing" | "incoming";
export type OfferFactInput = FactInput<"offer">;

export interface Side {
  request: ResourceRequest | undefined;
  offer: ResourceOffer | undefined;
}

export interface World {
  id: string;
  name: string;
  outgoing: Side;
  incoming: Side;
}

type State = OfferFactInput["state"];

const standing = (offer: ResourceOffer | undefined): ResourceOffer | undefined =>
  offer?.metadata.deletionTimestamp ? undefined : offer;

/** Of what this cluster asked: undefined when nothing is asked. */
const outgoingState = ({ request, offer }: Side): State | undefined => {
  if (!request) return undefined;
  if (request.status?.decision === "Refused") return "REFUSED";
  if (standing(offer)) return "ACCEPTED"; // accepting is ours, and is being written
  return request.status?.decision === "Pending" ? "PENDING" : "REQUESTED";
};

/** Of what this cluster is asked: undefined when nothing is asked, or not answered yet. */
const incomingState = ({ request, offer }: Side): State | undefined => {
  if (!request?.status?.decision) return undefined;
  if (request.status.decision === "Refused") return "REFUSED";
  if (request.status.decision === "Pending") return "PENDING";
  if (!standing(offer)) return undefined; // accepted, and being written
  return request.spec.acceptedOffer ? "ACCEPTED" : "OFFERED";
};

/** States in which the resources of the offer count. */
const GIVING: readonly State[] = ["OFFERED", "ACCEPTED"];

const factOf = (w: World, direction: Direction, state: State | undefined): OfferFactInput | undefined => {
  if (state === undefined) return undefined;
  const { request, offer } = w[direction];
  const given = GIVING.includes(state) ? standing(offer) : undefined;
  const ready = request?.status?.conditions?.find((c) => c.type === "Ready");
  return {
    clusterId: w.id,
    name: w.name,
    direction,
    state,
    resources: given?.spec.resources ?? {},
    labels: given?.spec.labels ?? {},
    rule: request?.status?.rule ?? "",
    reason: ready?.reason ?? "",
    message: request?.status?.reason ?? "",
  };
};

export const factsOf = (w: World): Record<Direction, OfferFactInput | undefined> => ({
  outgoing: factOf(w, "outgoing", outgoingState(w.outgoing)),
  incoming: factOf(w, "incoming", incomingState(w.incoming)),
});

/** Said once, when there was something before and nothing is left. */
export const goneFact = (id: string, name: string, direction: Direction): OfferFactInput => ({
  clusterId: id,
  name,
  direction,
  state: "GONE",
});

type Line = Pick<ConditionInput, "status" | "reason" | "message">;

const amounts = (resources: Record<string, string> | undefined): string =>
  Object.entries(resources ?? {})
    .map(([name, amount]) => `${name} ${amount}`)
    .join(", ");
const byRule = (f: OfferFactInput): string => (f.rule ? ` by rule "${f.rule}"` : "");
/** A message names its rule. */
const because = (f: OfferFactInput): string => (f.message ? `: ${f.message}` : byRule(f));

const LINES: Record<Direction, Partial<Record<State, (f: OfferFactInput) => Line>>> = {
  outgoing: {
    REQUESTED: (f) => ({
      status: "Unknown",
      reason: "Requested",
      message: `asked ${f.name}, which has not answered yet`,
    }),
    PENDING: (f) => ({
      status: "Unknown",
      reason: "ApprovalPending",
      message: `${f.name} has not decided${because(f)}`,
    }),
    REFUSED: (f) => ({
      status: "False",
      reason: f.reason || "Refused",
      message: `${f.name} refuses${because(f)}`,
    }),
    ACCEPTED: (f) => ({
      status: "True",
      reason: "OfferAccepted",
      message: `${f.name} gives ${amounts(f.resources)}${byRule(f)}`,
    }),
  },
  incoming: {
    PENDING: (f) => ({
      status: "Unknown",
      reason: f.reason || "ApprovalPending",
      message: `the request of ${f.name} waits${because(f)}`,
    }),
    REFUSED: (f) => ({
      status: "False",
      reason: f.reason || "Refused",
      message: `the request of ${f.name} is refused${because(f)}`,
    }),
    OFFERED: (f) => ({
      status: "Unknown",
      reason: "Offered",
      message: `offered ${f.name} ${amounts(f.resources)}${byRule(f)}; not accepted yet`,
    }),
    ACCEPTED: (f) => ({
      status: "True",
      reason: "OfferAccepted",
      message: `${f.name} gets ${amounts(f.resources)}${byRule(f)}`,
    }),
  },
};

const WORST = ["False", "Unknown", "True"] as const;

/** One condition for both directions: as bad as the worse of them, and telling both. */
export const conditionOf = (facts: Record<Direction, OfferFactInput | undefined>): Line | undefined => {
  const lines = [facts.outgoing, facts.incoming].flatMap((f) => {
    const line = f && LINES[f.direction as Direction][f.state]?.(f);
    return line ? [line] : [];
  });
  const worst = WORST.flatMap((status) => lines.find((l) => l.status === status) ?? [])[0];
  return worst && { ...worst, message: lines.map((l) => l.message).join("; ") };
};

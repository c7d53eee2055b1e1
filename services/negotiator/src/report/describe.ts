/** From the objects of one peer: the facts that others learn, and the condition of its ForeignCluster. Pure. */
import type { ConditionInput, ResourceOffer, ResourceRequest } from "@tideway/api";
import type { FactInput, FactOf } from "@tideway/protos";
import { formatList, isQuantity, parseList, sumLists } from "@tideway/quantity";
import { costPerHour, type NodeTerm } from "@tideway/sharing";

export type Direction = "outgoing" | "incoming";
export type OfferFactInput = FactInput<"offer">;
type OfferedPool = FactOf["offer"]["pools"][number];

export interface Side {
  request: ResourceRequest | undefined;
  /** That of the nodes in no pool, and one a node pool. */
  offers: readonly ResourceOffer[];
}

export interface World {
  id: string;
  name: string;
  outgoing: Side;
  incoming: Side;
  /** On which nodes here the pods of a pool run. */
  nodesOf(pool: string): readonly NodeTerm[];
}

type State = OfferFactInput["state"];

const standing = ({ offers }: Side): readonly ResourceOffer[] =>
  offers.filter((o) => !o.metadata.deletionTimestamp);

/** An offer that costs more than this cluster pays. */
export const isTooDear = (request: ResourceRequest, { spec }: ResourceOffer): boolean => {
  const { maxPrice } = request.spec;
  if (!maxPrice || !spec.price) return false;
  const cost = costPerHour(spec.price, parseList(readable(spec.resources)));
  return spec.price.currency !== maxPrice.currency || cost > Number(maxPrice.perHour);
};

const priceProblem = (side: Side): { reason: string; message: string } | undefined => {
  const dear = side.request && standing(side).find((o) => isTooDear(side.request!, o));
  const { price, resources } = dear?.spec ?? {};
  if (!price || !side.request?.spec.maxPrice) return undefined;
  const { currency, perHour } = side.request.spec.maxPrice;
  const cost = costPerHour(price, parseList(readable(resources ?? {})));
  const message = `it costs ${cost} ${price.currency} an hour, spec.maxPrice of the request is ${perHour} ${currency}`;
  return { reason: "PriceTooHigh", message };
};

/** Of what this cluster asked: undefined when nothing is asked. */
const outgoingState = (side: Side): State | undefined => {
  const { request } = side;
  if (!request) return undefined;
  const offers = standing(side);
  if (request.status?.decision === "Refused") return "REFUSED";
  if (offers.length > 0 && offers.every((o) => isTooDear(request, o))) return "PENDING";
  if (offers.length > 0) return "ACCEPTED"; // accepting is ours, and is being written
  return request.status?.decision === "Pending" ? "PENDING" : "REQUESTED";
};

/** Of what this cluster is asked: undefined when nothing is asked, or not answered yet. */
const incomingState = (side: Side): State | undefined => {
  const { request } = side;
  if (!request?.status?.decision) return undefined;
  const offers = standing(side);
  const accepted = request.spec.acceptedOffer ?? request.spec.acceptedPools?.[0];
  if (request.status.decision === "Refused") return "REFUSED";
  if (request.status.decision === "Pending") return "PENDING";
  if (offers.length === 0) return undefined; // accepted, and being written
  return accepted ? "ACCEPTED" : "OFFERED";
};

/** States in which the resources of the offer count. */
const GIVING: readonly State[] = ["OFFERED", "ACCEPTED"];

const WITHDRAWALS = { Shrinking: "SHRINKING", Cordoned: "CORDONED", Draining: "DRAINING" } as const;

const poolOf = ({ spec }: ResourceOffer, nodes: readonly NodeTerm[]): OfferedPool => ({
  name: spec.pool ?? "",
  resources: spec.resources,
  labels: spec.labels ?? {},
  storageClasses: (spec.storageClasses ?? []).map((c) => ({
    name: c.name,
    default: c.default ?? false,
    capacity: c.capacity ?? "",
    price: c.price ?? "",
  })),
  ingressClasses: (spec.ingressClasses ?? []).map((c) => ({ name: c.name, default: c.default ?? false })),
  pricePerHour: spec.price?.perHour ?? {},
  currency: spec.price?.currency ?? "",
  expiresAt: spec.expiresAt ?? "",
  withdrawal: spec.withdrawal && { ...spec.withdrawal, state: WITHDRAWALS[spec.withdrawal.state] },
  nodes: [...nodes],
});

const readable = (list: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(list).filter(([, text]) => isQuantity(text)));

const factOf = (w: World, direction: Direction, state: State | undefined): OfferFactInput | undefined => {
  if (state === undefined) return undefined;
  const { request } = w[direction];
  const given = GIVING.includes(state) ? standing(w[direction]) : [];
  const dear = direction === "outgoing" && request ? given.filter((o) => isTooDear(request, o)) : [];
  const pools = given
    .filter((o) => !dear.includes(o))
    .map((o) => poolOf(o, direction === "incoming" ? w.nodesOf(o.spec.pool ?? "") : []));
  const ready = request?.status?.conditions?.find((c) => c.type === "Ready");
  const price =
    state === "PENDING" && direction === "outgoing" && request ? priceProblem(w[direction]) : undefined;
  return {
    clusterId: w.id,
    name: w.name,
    direction,
    state,
    resources: formatList(sumLists(pools.map((p) => parseList(readable(p.resources))))),
    labels: pools.find((p) => p.name === "")?.labels ?? {},
    rule: request?.status?.rule ?? "",
    reason: price?.reason ?? ready?.reason ?? "",
    message: price?.message ?? request?.status?.reason ?? "",
    pools,
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

/** What is said of offers that are taken back. */
const takenBack = (f: OfferFactInput): string =>
  (f.pools ?? [])
    .flatMap((p) => {
      if (!p.withdrawal) return [];
      const { state, deadline, reason } = p.withdrawal;
      return `; ${p.name ? `pool ${p.name} is ` : ""}${state.toLowerCase()} until ${deadline}: ${reason}`;
    })
    .join("");

const LINES: Record<Direction, Partial<Record<State, (f: OfferFactInput) => Line>>> = {
  outgoing: {
    REQUESTED: (f) => ({
      status: "Unknown",
      reason: "Requested",
      message: `asked ${f.name}, which has not answered yet`,
    }),
    PENDING: (f) =>
      f.reason === "PriceTooHigh"
        ? {
            status: "False",
            reason: f.reason,
            message: `the offer of ${f.name} is not accepted: ${f.message}`,
          }
        : {
            status: "Unknown",
            reason: "ApprovalPending",
            message: `${f.name} has not decided${because(f)}`,
          },
    REFUSED: (f) => ({
      status: "False",
      reason: f.reason || "Refused",
      message: `${f.name} refuses${because(f)}`,
    }),
    ACCEPTED: (f) => ({
      status: "True",
      reason: "OfferAccepted",
      message: `${f.name} gives ${amounts(f.resources)}${byRule(f)}${takenBack(f)}`,
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
      message: `${f.name} gets ${amounts(f.resources)}${byRule(f)}${takenBack(f)}`,
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

/** What the owner's SharingPolicy says to a peer, before capacity is looked at: ordered pure checks, the first that speaks decides. */
import { APPROVE, type ResourceRequest, type SharingAction, type SharingPolicy } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { type Amounts, parseList } from "@tideway/quantity";

export interface Asker {
  /** Cluster ID, proven by the identity it came with. */
  id: string;
  /** Peer name here. */
  name: string;
  /** Name that the peer gives itself, if known. */
  clusterName?: string | undefined;
}

export interface Asked {
  asker: Asker;
  request: ResourceRequest;
  /** Whether the ForeignCluster allows incoming peering; undefined: not known, which is as yes. */
  incomingAllowed: boolean | undefined;
  policy: SharingPolicy | undefined;
}

export type Verdict =
  | { decision: "Accepted"; rule: string; reason: string; message: string; asked: Amounts; cap: Amounts }
  | { decision: "Refused" | "Pending"; rule: string; reason: string; message: string };

type Check = (a: Asked) => Verdict | undefined;
const no = (rule: string, reason: string, message: string): Verdict => ({
  decision: "Refused",
  rule,
  reason,
  message,
});

/** Parsed, or undefined with the problem in words. */
const amountsOf = (
  list: Record<string, string | number> | undefined,
): { amounts: Amounts } | { problem: string } => {
  try {
    const amounts = parseList(list);
    const negative = [...amounts].find(([, q]) => q.nanos < 0n);
    return negative ? { problem: `${negative[0]} is below zero` } : { amounts };
  } catch (err) {
    return { problem: describeError(err) };
  }
};

const isWhoItSays: Check = ({ asker, request }) =>
  request.spec.clusterID === asker.id
    ? undefined
    : no(
        "identity",
        "ClusterIDMismatch",
        `the request names cluster ${request.spec.clusterID}, but came from ${asker.id}`,
      );

const isAllowedIn: Check = ({ incomingAllowed, asker }) =>
  incomingAllowed === false
    ? no(
        "incomingPeering",
        "IncomingPeeringOff",
        `incoming peering of ForeignCluster ${asker.name} is switched off`,
      )
    : undefined;

const asksSensibly: Check = ({ request }) => {
  const asked = amountsOf(request.spec.resources);
  return "problem" in asked ? no("request", "InvalidRequest", `spec.resources: ${asked.problem}`) : undefined;
};

const policyIsSound: Check = ({ policy }) => {
  const cap = amountsOf(policy?.spec.perPeer);
  return "problem" in cap
    ? {
        decision: "Pending",
        rule: "perPeer",
        reason: "InvalidPolicy",
        message: `the provider's policy has a mistake, spec.perPeer: ${cap.problem}`,
      }
    : undefined;
};

const names = ({ id, name, clusterName }: Asker): string[] => [
  "*",
  id,
  name,
  ...(clusterName ? [clusterName] : []),
];

interface Ruling {
  rule: string;
  action: SharingAction;
  why: string | undefined;
}

export const rulingOf = (policy: SharingPolicy | undefined, asker: Asker): Ruling => {
  if (!policy) return { rule: "no policy", action: "ask", why: "the provider has no SharingPolicy" };
  const mine = names(asker);
  const found = policy.spec.rules?.find(
    (r) => r.peers === undefined || r.peers.some((p) => mine.includes(p)),
  );
  return found
    ? { rule: found.name, action: found.action, why: found.reason }
    : { rule: "default", action: policy.spec.defaultAction ?? "ask", why: undefined };
};

const approvalOf = (request: ResourceRequest): "yes" | "no" | undefined => {
  const said = request.metadata.annotations?.[APPROVE];
  return said === "yes" || said === "no" ? said : undefined;
};

const ruleDecides: Check = ({ policy, asker, request }) => {
  const { rule, action, why } = rulingOf(policy, asker);
  const because = why ? `: ${why}` : "";
  const accept = (reason: string, message: string): Verdict => {
    const [asked, cap] = [amountsOf(request.spec.resources), amountsOf(policy?.spec.perPeer)];
    if ("problem" in asked || "problem" in cap) return no(rule, "InvalidRequest", "amounts cannot be read"); // checked before
    return { decision: "Accepted", rule, reason, message, asked: asked.amounts, cap: cap.amounts };
  };
  if (action === "refuse") return no(rule, "RefusedByRule", `rule "${rule}" refuses${because}`);
  if (action === "accept") return accept("AcceptedByRule", `rule "${rule}" accepts${because}`);
  switch (approvalOf(request)) {
    case "yes":
      return accept("Approved", `rule "${rule}" asks, and the owner approved`);
    case "no":
      return no(rule, "NotApproved", `rule "${rule}" asks, and the owner said no`);
    case undefined:
      return {
        decision: "Pending",
        rule,
        reason: "ApprovalPending",
        message: `rule "${rule}" asks a person${because}; the provider's owner answers with annotation ${APPROVE}`,
      };
  }
};

const CHECKS: readonly Check[] = [isWhoItSays, isAllowedIn, asksSensibly, policyIsSound, ruleDecides];

export const judge = (asked: Asked): Verdict => {
  for (const check of CHECKS) {
    const verdict = check(asked);
    if (verdict) return verdict;
  }
  return no("none", "NoRule", "no rule speaks"); // never reached: the last check always speaks
};

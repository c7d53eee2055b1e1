/** What the owner of a WorkloadPolicy is told of it. Pure. */
import { type ConditionInput, WORKLOAD_POLICY_NAME, type WorkloadPolicy } from "@tideway/api";
import { describeError } from "@tideway/errors";
import { amountOf, compare, parseList } from "@tideway/quantity";

export interface World {
  policy: Readonly<WorkloadPolicy>;
  /** Names of the peers that have something here. */
  tenants: readonly string[];
  /** Those among them that have a policy of their own name. */
  withOwn: readonly string[];
  /** ShadowPods that stand refused by it. */
  refused: number;
}

type List = Readonly<Record<string, string | number>> | undefined;

const badAmounts = (field: string, list: List): string[] => {
  try {
    return [...parseList(list)]
      .filter(([, amount]) => amount.nanos < 0n)
      .map(([name]) => `${field}: ${name} is below zero, so no pod gets it`);
  } catch (err) {
    return [`${field}: ${describeError(err)}`];
  }
};

/** Each names field and problem. Patterns that the schema refuses never get here. */
export const problemsOf = ({ spec: { images, containers } }: Readonly<WorkloadPolicy>): string[] => {
  const { defaultRequests, defaultLimits } = containers ?? {};
  const amounts = [
    ...badAmounts("spec.containers.defaultRequests", defaultRequests),
    ...badAmounts("spec.containers.defaultLimits", defaultLimits),
  ];
  const beyond =
    amounts.length > 0
      ? []
      : [...parseList(defaultRequests)].flatMap(([name, asked]) => {
          const limits = parseList(defaultLimits);
          return limits.has(name) && compare(asked, amountOf(limits, name)) > 0
            ? [`spec.containers.defaultRequests: ${name} is above its defaultLimits, and is cut to that`]
            : [];
        });
  const denied = (images?.allow ?? []).filter((a) => images?.deny?.includes(a));
  return [
    ...amounts,
    ...beyond,
    ...(images?.allow?.length === 0 ? ["spec.images.allow: is empty, so no image may run"] : []),
    ...denied.map((a) => `spec.images.allow: ${JSON.stringify(a)} is in deny too, which wins`),
  ];
};

/** Whose pods go by it. */
const usersOf = ({ policy, tenants, withOwn }: World): readonly string[] => {
  const { name } = policy.metadata;
  return name === WORKLOAD_POLICY_NAME
    ? tenants.filter((t) => !withOwn.includes(t))
    : tenants.filter((t) => t === name);
};

export const decide = (w: World): { condition: ConditionInput; refused: number } => {
  const { generation, name } = w.policy.metadata;
  const say = (status: "True" | "False", reason: string, message: string) => ({
    refused: w.refused,
    condition: {
      type: "Ready",
      status,
      reason,
      message,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    },
  });
  const problems = problemsOf(w.policy);
  if (problems.length > 0) return say("False", "InvalidPolicy", problems.join("; "));
  const users = usersOf(w);
  if (users.length > 0) return say("True", "InUse", `for the pods of ${users.join(", ")}`);
  return name === WORKLOAD_POLICY_NAME || w.tenants.includes(name)
    ? say("True", "Unused", "no peer has pods here that go by it")
    : say("True", "NoSuchPeer", `no peer named ${name} has namespaces here; it is used when one has`);
};

/** Whether a policy is used, and what is wrong with it. Pure. */
import { type ConditionInput, SHARING_POLICY_NAME, type SharingPolicy } from "@tideway/api";
import type { Policy } from "@tideway/sharing";

/** A condition's message is bounded; more mistakes are found when these are mended. */
const SHOWN = 5;

export const readiness = (object: SharingPolicy, policy: Policy): ConditionInput => {
  const say = (status: ConditionInput["status"], reason: string, message: string): ConditionInput => ({
    type: "Ready",
    status,
    reason,
    message,
  });
  if (object.metadata.name !== SHARING_POLICY_NAME)
    return say("False", "NotUsed", `only the policy named ${SHARING_POLICY_NAME} is used`);
  const { problems } = policy;
  if (problems.length > 0) {
    const shown = problems.slice(0, SHOWN).map((p) => `${p.field} (${p.rule}): ${p.message}`);
    const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : "";
    return say(
      "False",
      "InvalidPolicy",
      `${shown.join("; ")}${more}; every request waits until it is mended`,
    );
  }
  const pools = policy.pools.length > 1 ? `, ${policy.pools.length - 1} node pools` : "";
  return say("True", "InUse", `${policy.rules.length} rules, then ${policy.defaultAction}${pools}`);
};

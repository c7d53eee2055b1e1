import type { Audit } from "@tideway/audit";
import type { Effect, World } from "./decide.ts";

const OUTCOMES = { Accepted: "GRANTED", Refused: "DENIED", Pending: undefined } as const;

/** Of what a plan did: grants, refusals, withdrawals and ends. A question to a person decides nothing yet. */
export const tellAudit = (audit: Pick<Audit, "record">, w: World, effect: Effect): void => {
  const { id, name } = w.peer;
  const say = (
    action: string,
    object: string,
    outcome: Parameters<Audit["record"]>[0]["outcome"],
    reason: string,
    message: string,
  ): void =>
    audit.record({
      peer: id,
      actor: { clusterID: id, clusterName: name },
      action,
      object,
      outcome,
      reason,
      message,
    });
  const before = w.request?.status;
  switch (effect.do) {
    case "applyRequestStatus": {
      const { decision, rule, reason, conditions } = effect.status;
      const outcome = decision && OUTCOMES[decision];
      // Of a withdrawal the offer tells.
      if (conditions?.[0]?.reason === "Withdrawing") return;
      if (!outcome || (before?.decision === decision && before?.rule === rule)) return;
      return say(
        "negotiate",
        `ResourceRequest/${w.namespace}/request`,
        outcome,
        conditions?.[0]?.reason ?? outcome,
        reason ?? "",
      );
    }
    case "applyOffer": {
      const stood = w.pools.find((p) => p.offer?.metadata.name === effect.name)?.offer?.spec;
      const { withdrawal, expiresAt } = effect.spec;
      const object = `ResourceOffer/${w.namespace}/${effect.name}`;
      if (withdrawal && withdrawal.state !== stood?.withdrawal?.state)
        say("withdraw", object, "REVOKED", withdrawal.state, withdrawal.reason);
      if (stood?.expiresAt && stood.expiresAt !== expiresAt)
        say(
          "renew-offer",
          object,
          "RENEWED",
          "OfferRenewed",
          `valid until ${expiresAt ?? "it is taken back"}`,
        );
      return;
    }
    case "deleteOffer":
      return say(
        "end-offer",
        `ResourceOffer/${w.namespace}/${effect.name}`,
        "ENDED",
        "OfferEnded",
        effect.why,
      );
    case "applyOfferStatus":
  }
};

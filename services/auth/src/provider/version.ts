import { incompatibility, isCompatible, TOKENS_CAPABILITY } from "@tideway/api";
import { DeniedError } from "@tideway/authclient";

/** Nothing is given to whom we would not understand later. Who leaves may do so whatever it speaks. */
export const requireVersion = (who: string, { protocolVersion }: { protocolVersion: string }): void => {
  if (!isCompatible(protocolVersion))
    throw new DeniedError("VersionIncompatible", incompatibility(who, protocolVersion));
};

/** A caller that expects a certificate for the API server would hold one that opens nothing. */
export const requireTokens = (who: string, { capabilities }: { capabilities: readonly string[] }): void => {
  if (!capabilities.includes(TOKENS_CAPABILITY))
    throw new DeniedError(
      "VersionIncompatible",
      `this cluster's API server signs no client certificates, and ${who} knows no tokens in their place: upgrade Tideway of ${who}`,
    );
};

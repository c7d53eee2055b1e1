import { incompatibility, isCompatible } from "@tideway/api";
import { DeniedError } from "@tideway/authclient";

/** Nothing is given to whom we would not understand later. Who leaves may do so whatever it speaks. */
export const requireVersion = (who: string, { protocolVersion }: { protocolVersion: string }): void => {
  if (!isCompatible(protocolVersion))
    throw new DeniedError("VersionIncompatible", incompatibility(who, protocolVersion));
};

import { type AuthenticateRequest, DeniedError, proofBody } from "@tideway/authclient";
import { describeError, isInvalid } from "@tideway/errors";
import {
  ClockSkewError,
  isClusterID,
  isClusterName,
  isEndpoint,
  isPin,
  type NonceCache,
  p256FromSpki,
  spkiPin,
  verifyPayload,
} from "@tideway/pki";

const MAX_PINS = 4;

/** Each field by itself; the message names it. Order: cheapest first. */
const malformed = (r: AuthenticateRequest): string | undefined => {
  if (!isClusterID(r.clusterId)) return "cluster_id: must be the UID of the caller's namespace kube-system";
  if (!isClusterName(r.clusterName)) return "cluster_name: must be 1 to 63 letters, digits, dots or dashes";
  if (r.token.length > 128) return "token: longer than 128 characters";
  if (r.authEndpoint !== "" && !isEndpoint(r.authEndpoint))
    return "auth_endpoint: must be host:port or empty";
  if (r.pins.length === 0 || r.pins.length > MAX_PINS) return `pins: must be 1 to ${MAX_PINS}`;
  if (!r.pins.every(isPin)) return "pins: each must be sha256/<base64 of 32 bytes>";
  if (!r.proof) return "proof: is missing";
  return undefined;
};

export interface ProofContext {
  audience: string;
  now: number;
  skewMs: number;
  nonces: NonceCache;
}

/** The request is well formed and comes from the holder of one of the keys it names; answers that key's pin. */
export const checkApplicant = (r: AuthenticateRequest, ctx: ProofContext): string => {
  const problem = malformed(r);
  if (problem !== undefined) throw new DeniedError("InvalidRequest", problem);
  const proof = r.proof as NonNullable<AuthenticateRequest["proof"]>;
  try {
    const publicKey = p256FromSpki(proof.publicKey, "proof.public_key");
    const pin = spkiPin(publicKey);
    if (!r.pins.includes(pin))
      throw new DeniedError("InvalidRequest", "proof.public_key: is none of the pinned keys");
    const claims = verifyPayload(proof, { publicKey, purpose: "authenticate", ...ctx });
    if (claims.clusterID !== r.clusterId)
      throw new DeniedError("InvalidRequest", "proof.payload: signed for another cluster ID");
    if (claims.body !== proofBody(r.csr))
      throw new DeniedError("InvalidRequest", "proof.payload: signed for another certificate request");
    return pin;
  } catch (err) {
    if (err instanceof DeniedError) throw err;
    const reason =
      err instanceof ClockSkewError ? "ClockSkewed" : isInvalid(err) ? "InvalidRequest" : "IdentityInvalid";
    throw new DeniedError(reason, `proof.${describeError(err)}`, { cause: err });
  }
};

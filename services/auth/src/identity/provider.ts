import { UNVERSIONED } from "@tideway/api";
import {
  type AuthClient,
  authenticateRequest,
  type AuthenticateResponse,
  connect,
  denialOf,
  DeniedError,
  signedRequest,
} from "@tideway/authclient";
import { describeError, isForbidden, isNotFound, isUnavailable, TidewayError } from "@tideway/errors";
import { type Kube, secrets } from "@tideway/k8s";
import { currentTraceparent } from "@tideway/telemetry";
import { createCsr, generateKeyPair, type KeyPair, parseCertificate, spkiOf } from "@tideway/pki";
import type { Clock, PeerView, Self } from "../ports.ts";
import { requireVersion } from "../provider/version.ts";
import type { FailureReason } from "./decide.ts";
import type { Held } from "./store.ts";

/** There is nothing to show to the provider. */
export class TokenMissingError extends TidewayError {}

/** The token was shown, and what became of it is not known here: the provider lets the same cluster ask again. */
export class UnansweredError extends TidewayError {}

/** What went wrong, in the words of a condition. */
export const failureOf = (err: unknown): { reason: FailureReason; message: string } => {
  const message = describeError(err);
  if (err instanceof TokenMissingError) return { reason: "TokenMissing", message };
  const denial = denialOf(err);
  if (denial) return { reason: denial.reason, message };
  if (isForbidden(err)) return { reason: "WrongKey", message };
  return { reason: err instanceof UnansweredError ? "Unanswered" : "Unreachable", message };
};

export interface Granted {
  answer: AuthenticateResponse;
  keys: KeyPair;
}

/** The other cluster's auth service, as a consumer uses it. */
export interface Provider {
  authenticate(peer: PeerView): Promise<Granted>;
  renew(peer: PeerView, held: Held): Promise<Granted>;
  release(peer: Pick<PeerView, "authEndpoint" | "pins">, held: Held): Promise<void>;
}

export interface ProviderDeps {
  kube: Kube;
  self: Self;
  /** This cluster's long-lived key. */
  keys: KeyPair;
  clock: Clock;
  signal: AbortSignal;
  connect?: typeof connect;
}

const CALL_MS = 10_000;
/** A release is also tried when the deadline of the unpeering is over: it must not hold it up. */
const RELEASE_MS = 3_000;

export const createProvider = (d: ProviderDeps): Provider => {
  /**
   * An unanswered request is repeated as it was. Only in memory: after a restart it is made anew, and the provider
   * knows the repeat by this cluster's long-lived key.
   */
  const pending = new Map<string, { keys: KeyPair; csr: Uint8Array }>();
  const pendingFor = (clusterID: string): { keys: KeyPair; csr: Uint8Array } => {
    const keys = generateKeyPair();
    const made = pending.get(clusterID) ?? { keys, csr: createCsr(d.self.clusterID, keys) };
    pending.set(clusterID, made);
    return made;
  };
  const dial = (p: Pick<PeerView, "authEndpoint" | "pins">, timeoutMs = CALL_MS): Promise<AuthClient> =>
    (d.connect ?? connect)({
      endpoint: p.authEndpoint,
      pins: p.pins,
      signal: d.signal,
      timeoutMs,
      traceparent: currentTraceparent(),
    });

  /** Empty without a Secret: a peer that knows this cluster's key may let it in by that. */
  const token = async (p: PeerView): Promise<string> => {
    if (!p.tokenSecret) return "";
    try {
      const secret = await d.kube.get(secrets, p.tokenSecret, d.self.namespace);
      const value = Buffer.from(secret.data?.token ?? "", "base64")
        .toString("utf8")
        .trim();
      if (value) return value;
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
    throw new TokenMissingError(
      `Secret ${d.self.namespace}/${p.tokenSecret} has no key "token"; an invitation of the peer is needed`,
    );
  };

  /** The provider signs what it likes; what is kept must be for our key. */
  const checked = (answer: AuthenticateResponse, keys: KeyPair, p: PeerView): Granted => {
    const certificate = parseCertificate(answer.certificate, "certificate");
    if (!spkiOf(certificate.publicKey).equals(spkiOf(keys.publicKey)))
      throw new TidewayError(`${p.authEndpoint}: answered a certificate for another key`);
    if (answer.clusterId !== p.clusterId)
      throw new DeniedError(
        "ClusterKeyMismatch",
        `${p.authEndpoint} is cluster ${answer.clusterId}, ForeignCluster ${p.name} says ${p.clusterId}`,
      );
    return { answer, keys };
  };

  /** Before the token is shown: what the provider answers must be understood here. */
  const dialChecked = async (p: PeerView): Promise<AuthClient> => {
    const client = await dial(p);
    const { protocolVersion } = await client.describe();
    requireVersion(`cluster ${p.name}`, { protocolVersion: protocolVersion || UNVERSIONED });
    return client;
  };

  return {
    authenticate: async (p) => {
      const [value, client] = await Promise.all([token(p), dialChecked(p)]);
      const { keys, csr } = pendingFor(p.clusterId);
      const { clusterID, clusterName, authEndpoint } = d.self;
      const request = authenticateRequest({
        token: value,
        clusterID,
        clusterName,
        authEndpoint,
        csr,
        keys: d.keys,
        audience: client.pin,
        nowMs: d.clock.now(),
      });
      const answer = await client.authenticate(request).catch((cause: unknown) => {
        // The second word is that of version 0.1.0, which knows no call without a token.
        if (value === "" && ["UnknownToken", "InvalidRequest"].includes(denialOf(cause)?.reason ?? ""))
          throw new TokenMissingError(
            `ForeignCluster ${p.name} has no tokenSecretRef, and the peer does not let this cluster in by its key alone: an invitation of the peer is needed`,
            { cause },
          );
        if (!isUnavailable(cause)) throw cause;
        throw new UnansweredError(
          "the invitation was shown and no identity came back; the same is asked for again until it expires",
          { cause },
        );
      });
      pending.delete(p.clusterId);
      return checked(answer, keys, p);
    },
    renew: async (p, held) => {
      const client = await dialChecked(p);
      const keys = generateKeyPair();
      const { clusterID } = d.self;
      const csr = createCsr(clusterID, keys);
      const request = signedRequest({
        purpose: "renew",
        clusterID,
        tenant: held.tenantUid,
        certificate: held.certificate,
        keys: held.keys,
        audience: client.pin,
        csr,
        nowMs: d.clock.now(),
      });
      return checked(await client.renew(request), keys, p);
    },
    release: async (p, held) => {
      const client = await dial(p, RELEASE_MS);
      const { clusterID } = d.self;
      await client.release(
        signedRequest({
          purpose: "release",
          clusterID,
          tenant: held.tenantUid,
          certificate: held.certificate,
          keys: held.keys,
          audience: client.pin,
          nowMs: d.clock.now(),
        }),
      );
    },
  };
};

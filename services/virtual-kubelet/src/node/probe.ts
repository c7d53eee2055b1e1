import { describeError, isForbidden, isNotFound } from "@tideway/errors";
import { createKube, PEER_BOUNDS, type Credentials, type Kube } from "@tideway/k8s";
import type { ProbeResult } from "./health.ts";

const OK: ProbeResult = { ok: true, reason: "ProviderReady", message: "the provider's API server answers" };

/**
 * Asks the provider's API server whether it serves, on a connection of its own: a failed one is thrown away,
 * because after a partition it may hang although the provider answers again.
 */
export const createProbe = (credentials: () => Credentials, userAgent: string) => {
  let client: { kube: Kube; for: Credentials } | undefined;

  const kube = (): Kube => {
    const wanted = credentials();
    if (client && client.for !== wanted) drop();
    client ??= { kube: createKube(wanted, { userAgent, connections: 1, bounds: PEER_BOUNDS }), for: wanted };
    return client.kube;
  };
  const drop = (): void => {
    const old = client;
    client = undefined;
    void old?.kube.close();
  };
  const ask = async (
    path: string,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<{ status: number; text: string }> => {
    const answer = await kube().request({
      method: "GET",
      path,
      signal,
      headersTimeoutMs: timeoutMs,
      bodyTimeoutMs: timeoutMs,
    });
    return { status: answer.status, text: await answer.body.text() };
  };

  const probe = async (timeoutMs: number): Promise<ProbeResult> => {
    const { server } = credentials();
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      let answer = await ask("/readyz", signal, timeoutMs);
      if (answer.status === 404 || answer.status === 403) answer = await ask("/livez", signal, timeoutMs);
      if (answer.status === 200) return OK;
      if (answer.status === 401)
        return {
          ok: false,
          reason: "IdentityRejected",
          message: `${server} does not accept our identity (HTTP 401)`,
        };
      const last = answer.text.trim().split("\n").at(-1) ?? "";
      return {
        ok: false,
        reason: "ProviderNotReady",
        message: `${server} is not ready: HTTP ${answer.status} ${last.slice(0, 120)}`,
      };
    } catch (err) {
      drop();
      const why = signal.aborted ? `no answer within ${timeoutMs} ms` : describeError(err);
      return {
        ok: false,
        reason: isForbidden(err) || isNotFound(err) ? "ProviderNotReady" : "ProviderUnreachable",
        message: `${server}: ${why}`,
      };
    }
  };
  return { probe, close: drop };
};

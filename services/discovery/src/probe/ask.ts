import { UNVERSIONED } from "@tideway/api";
import { type AuthClients, denialOf } from "@tideway/authclient";
import { describeError, isForbidden, isInvalid, isTimeout, TimeoutError } from "@tideway/errors";
import type { Target } from "../ports.ts";
import type { Outcome } from "./health.ts";

/** Asks a peer's auth service who it is; never throws. */
export type Ask = (target: Target, signal: AbortSignal) => Promise<Outcome>;

export const createAsk = (
  clients: Pick<AuthClients, "connect">,
  timeoutMs: number,
  now: () => number,
): Ask => {
  const describe = async (t: Target, signal: AbortSignal): Promise<Outcome> => {
    const client = await clients.connect({ endpoint: t.endpoint, pins: t.pins, timeoutMs, signal });
    const askedAt = now();
    const { clusterId, clusterName, timeMs, protocolVersion, capabilities } = await client.describe();
    const halfWay = (askedAt + now()) / 2;
    if (clusterId === t.clusterID)
      return {
        ok: true,
        clusterName,
        version: protocolVersion || UNVERSIONED,
        capabilities,
        skewMs: timeMs - halfWay,
      };
    const error = `cluster ${clusterName} with the ID ${clusterId} answers, not the cluster with the ID ${t.clusterID}`;
    return { ok: false, reason: "ClusterIDChanged", error };
  };
  return async (target, signal) => {
    const late = Promise.withResolvers<never>();
    const stop = new AbortController();
    const timer = setTimeout(() => {
      late.reject(new TimeoutError(`no answer within ${timeoutMs} ms`));
      stop.abort();
    }, timeoutMs);
    try {
      return await Promise.race([describe(target, AbortSignal.any([signal, stop.signal])), late.promise]);
    } catch (err) {
      if (isTimeout(err)) return { ok: false, reason: "Timeout", error: `no answer within ${timeoutMs} ms` };
      const isStranger = (isForbidden(err) || isInvalid(err)) && !denialOf(err);
      return { ok: false, reason: isStranger ? "WrongKey" : "Unreachable", error: describeError(err) };
    } finally {
      clearTimeout(timer);
    }
  };
};

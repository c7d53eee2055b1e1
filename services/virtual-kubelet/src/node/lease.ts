import { describeError, isAlreadyExists, isConflict, isNotFound } from "@tideway/errors";
import { type Kube, leases, type Node } from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { LEASE_NAMESPACE, LEASE_SECONDS, leaseOf, RENEW_MS } from "./manifests.ts";

export interface LeaseDeps {
  kube: Kube;
  log: Logger;
  /** POD_NAME: who speaks for the node now. */
  holder: string;
  signal: AbortSignal;
}

const microTime = (): string => new Date().toISOString().replace("Z", "000Z");

/** Says every ten seconds that somebody looks after the node, whether or not the provider answers. */
export const startNodeLease = (d: LeaseDeps, node: Readonly<Node>): { stop(): void } => {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, d.signal]);
  const { name } = node.metadata;

  const renew = async (): Promise<void> => {
    const spec = { renewTime: microTime(), holderIdentity: d.holder, leaseDurationSeconds: LEASE_SECONDS };
    const bounded = { signal: AbortSignal.any([signal, AbortSignal.timeout(RENEW_MS)]) };
    try {
      await d.kube.patch(leases, name, LEASE_NAMESPACE, { spec }, bounded);
    } catch (err) {
      if (!isNotFound(err)) throw err;
      await d.kube.create(leases, leaseOf(node, d.holder, spec.renewTime), bounded);
    }
  };
  const beat = (): void => {
    renew().catch((err: unknown) => {
      if (signal.aborted || isAlreadyExists(err) || isConflict(err)) return;
      d.log.warn(
        { node: name, reason: describeError(err) },
        "node lease not renewed; trying again at the next beat",
      );
    });
  };
  beat();
  const timer = setInterval(beat, RENEW_MS).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
  return { stop: () => stop.abort() };
};

import { findCondition, type NamespaceOffloading } from "@tideway/api";

/** One line: how far the twins of a namespace are. */
export const describeTwins = (nso: Readonly<NamespaceOffloading> | undefined): string => {
  const twins = nso?.status?.remoteNamespaces ?? [];
  const open = twins.filter((t) => !t.ready).map((t) => `${t.peer}${t.message ? ` (${t.message})` : ""}`);
  if (open.length > 0) return `waiting for ${open.join(", ")}`;
  return twins.map((t) => `${t.peer}: ${t.namespace}`).join(", ");
};

/** Why an offloading is not ready yet, as far as it says. */
export const describeReady = (nso: Readonly<NamespaceOffloading> | undefined): string => {
  const ready = findCondition(nso?.status?.conditions, "Ready");
  return ready ? `${ready.reason}: ${ready.message}` : "";
};

/** Ready, and said so of the spec that was asked for. */
export const isOffloaded = (nso: Readonly<NamespaceOffloading> | undefined): boolean => {
  const ready = findCondition(nso?.status?.conditions, "Ready");
  const generation = nso?.metadata.generation ?? 0;
  return (
    ready?.status === "True" &&
    (ready.observedGeneration ?? nso?.status?.observedGeneration ?? generation) >= generation
  );
};

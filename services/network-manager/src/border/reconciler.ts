/** Says what each BorderPolicy opens, to the gateways by fact and to its owner by condition. The key is its name. */
import { type BorderPolicy, borderPolicies, sameConditions, setCondition } from "@tideway/api";
import type { Bus, FactView } from "@tideway/bus";
import type { Reconcile } from "@tideway/controller";
import type { Kube } from "@tideway/k8s";
import type { Cache, Clock } from "../ports.ts";
import { LOCAL } from "../pool/addresses.ts";
import { judge, type KnownPeer } from "./decide.ts";

export interface Deps {
  kube: Pick<Kube, "apply">;
  policies: Cache<BorderPolicy>;
  said: Pick<FactView<"border">, "get">;
  publish: Bus["publish"];
  peers: () => readonly KnownPeer[];
  owns: (name: string) => boolean;
  clock: Clock;
}

/** Word by which replicas divide policies. */
export const shareOf = (name: string): string => `border/${name}`;

export const makeBorderReconciler =
  (d: Deps): Reconcile =>
  async (name, { signal }) => {
    if (!d.owns(shareOf(name))) return {};
    const policy = d.policies.get(name);
    const standing = policy && !policy.metadata.deletionTimestamp ? judge(policy, d.peers()) : undefined;
    const said = d.said.get(LOCAL, name)?.data.state;
    const publishing = standing?.fact
      ? d.publish("border", { peer: LOCAL, id: name }, standing.fact)
      : said === undefined || said === "GONE"
        ? undefined
        : d.publish("border", { peer: LOCAL, id: name }, { name, state: "GONE" });
    const writing = policy && standing ? write(d, policy, standing.line, signal) : undefined;
    await Promise.all([writing, publishing]);
    return {};
  };

const write = async (
  d: Deps,
  policy: Readonly<BorderPolicy>,
  line: ReturnType<typeof judge>["line"],
  signal: AbortSignal,
): Promise<void> => {
  const { name, uid, generation } = policy.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const condition = setCondition(
    policy.status?.conditions,
    { type: "Ready", ...line, ...observed },
    d.clock.now().toISOString(),
  );
  if (sameConditions(policy.status?.conditions, [condition])) return;
  await d.kube.apply(
    borderPolicies,
    { metadata: { name, ...(uid ? { uid } : {}) }, status: { conditions: [condition], ...observed } },
    { fieldManager: "network-manager", subresource: "status", signal },
  );
};

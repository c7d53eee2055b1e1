/** Whether a BorderPolicy can be carried out, and what it opens. Pure. */
import type { BorderPolicy, ConditionInput } from "@tideway/api";
import type { FactInput } from "@tideway/protos";

export type BorderFactInput = FactInput<"border">;
export type Line = Pick<ConditionInput, "status" | "reason" | "message">;

const NAME = /^[0-9A-Za-z]([-0-9A-Za-z]{0,61}[0-9A-Za-z])?$/;
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const ALL = "*";

export interface Judged {
  line: Line;
  /** Undefined: it opens nothing. */
  fact: BorderFactInput | undefined;
}

const refuse = (reason: string, message: string): Judged => ({
  line: { status: "False", reason, message },
  fact: undefined,
});

export interface KnownPeer {
  id: string;
  name: string;
}

/** What a name that nobody has may be: mistyped, or of a peer to come. */
const explain = (unknown: readonly string[], known: readonly KnownPeer[]): string => {
  const names = known.map((p) => p.name).sort();
  const those = names.length > 0 ? `the peers are ${names.slice(0, 20).join(", ")}` : "there is no peer yet";
  return `no peer has the name or ID ${unknown.join(", ")} (${those}); correct spec.peers, or peer with it: the policy then takes effect`;
};

export const judge = (policy: Readonly<BorderPolicy>, known: readonly KnownPeer[]): Judged => {
  const { peers, namespaces = [], nodes = false, ports = [] } = policy.spec;
  const badPeer = peers.find((p) => p !== ALL && !NAME.test(p));
  if (badPeer !== undefined)
    return refuse("InvalidPeer", `spec.peers: "${badPeer}" is neither a cluster's name or ID nor *`);
  const badNamespace = namespaces.find((n) => n !== ALL && !NAMESPACE.test(n));
  if (badNamespace !== undefined)
    return refuse("InvalidNamespace", `spec.namespaces: "${badNamespace}" is neither a namespace nor *`);
  if (namespaces.length === 0 && !nodes)
    return refuse("OpensNothing", "it names neither namespaces nor nodes, so it opens nothing");
  const said = ports.map((p) => `${p.protocol ?? "TCP"}/${p.port}`);
  const what = [
    ...(namespaces.length > 0 ? [`pods of ${namespaces.join(", ")}`] : []),
    ...(nodes ? ["nodes"] : []),
  ];
  const isKnown = (p: string): boolean => p === ALL || known.some(({ id, name }) => p === id || p === name);
  const [some, unknown] = [peers.filter(isKnown), peers.filter((p) => !isKnown(p))];
  const opened = `${some.join(", ")} may reach ${what.join(" and ")} on ${said.join(", ") || "every port"}`;
  return {
    line:
      some.length === 0
        ? { status: "False", reason: "UnknownPeer", message: explain(unknown, known) }
        : unknown.length > 0
          ? { status: "True", reason: "ActiveForSome", message: `${opened}; ${explain(unknown, known)}` }
          : { status: "True", reason: "Active", message: opened },
    // The gateways compare names themselves: one that is peered later is let in at once.
    fact: { name: policy.metadata.name, state: "ACTIVE", peers, namespaces, nodes, ports: said },
  };
};

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { binaries } from "@tideway/sandbox";
import { parseAllDocuments } from "yaml";
import { checkout } from "./deploy.ts";

export interface PolicyRule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  verbs: string[];
}

export interface Manifest {
  kind: string;
  metadata: { name: string; namespace?: string };
  [field: string]: unknown;
}

/** What `kubectl kustomize` makes of a folder, by kind. */
export interface Rendered {
  all: Manifest[];
  of<T = object>(kind: string): (Manifest & T)[];
  named<T = object>(kind: string, name: string): (Manifest & T) | undefined;
}

export const render = async (folder: string): Promise<Rendered> => {
  const kubectl = await binaries.kube("kubectl");
  const { stdout } = await promisify(execFile)(kubectl, ["kustomize", join(checkout, folder)], {
    maxBuffer: 64 << 20,
  });
  const all = parseAllDocuments(stdout).map((d) => d.toJS() as Manifest);
  const of = <T>(kind: string): (Manifest & T)[] => all.filter((m) => m.kind === kind) as (Manifest & T)[];
  return {
    all,
    of,
    named: <T>(kind: string, name: string) => of<T>(kind).find((m) => m.metadata.name === name),
  };
};

export interface Grant extends PolicyRule {
  /** Of the binding: undefined is everywhere. */
  namespace: string | undefined;
  role: string;
}

interface Role {
  rules: PolicyRule[];
}
interface Binding {
  roleRef: { kind: string; name: string };
  subjects: { kind: string; name: string; namespace?: string }[];
}

/** All that a service account may do by the bindings that are rendered. */
export const grantsOf = (r: Rendered, account: string): Grant[] =>
  [...r.of<Binding>("ClusterRoleBinding"), ...r.of<Binding>("RoleBinding")]
    .filter((b) => b.subjects.some((s) => s.kind === "ServiceAccount" && s.name === account))
    .flatMap((b) => {
      const { namespace } = b.metadata;
      const role = r
        .of<Role>(b.roleRef.kind)
        .find(
          ({ metadata }) =>
            metadata.name === b.roleRef.name &&
            (b.roleRef.kind === "ClusterRole" || metadata.namespace === namespace),
        );
      if (!role) throw new Error(`${b.kind} ${b.metadata.name} names a role that is not there`);
      return role.rules.map((rule) => ({ ...rule, namespace, role: role.metadata.name }));
    });

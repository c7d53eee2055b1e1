/** What a decision is made of, read from the cluster once. */
import { readFile } from "node:fs/promises";
import {
  type ForeignCluster,
  foreignClusters,
  isCopy,
  make,
  REQUEST_NAME,
  type ResourceRequest,
  resourceOffers,
  resourceRequests,
  type SharingPolicy,
  sharingPolicies,
  SHARING_POLICY_NAME,
  tenantNamespace,
} from "@tideway/api";
import { describeError } from "@tideway/errors";
import { type Kube, nodes, pods } from "@tideway/k8s";
import { parseList } from "@tideway/quantity";
import {
  compilePolicy,
  countNode,
  createLedger,
  type Grant,
  type Ledger,
  podCounter,
  type Policy,
} from "@tideway/sharing";
import { UsageError } from "../exit.ts";

export interface TestInput {
  policy: Policy | undefined;
  peer: { id: string; name: string; clusterName: string; labels: Record<string, string> };
  incomingAllowed: boolean;
  request: ResourceRequest;
  ledger: Ledger;
  grants: Grant[];
  namespace: string;
  /** RFC 3339. */
  now: string;
}

export interface TestOptions {
  peer?: string;
  /** A file, or the name of a peer whose request is taken. */
  request?: string;
  at?: string;
  policy?: string;
}

/** As the service's default: KWOK's nodes count. */
const RULES = { ignoredTaints: ["kwok.x-k8s.io/node"] };
const ANYBODY = { id: "00000000-0000-0000-0000-000000000000", name: "anybody" };

/** The first object of the file; YAML or JSON. */
const fromFile = async <T>(path: string, flag: string, kind: string): Promise<T> => {
  const { parse } = await import("yaml");
  let object: unknown;
  try {
    object = parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new UsageError(`${flag}: ${path} cannot be read: ${describeError(cause)}`, { cause });
  }
  const { validate } = await import("@tideway/api/validate");
  const given = object as { kind?: string; metadata?: object } | null;
  if (given?.kind !== kind)
    throw new UsageError(`${flag}: ${path} holds ${given?.kind ?? "nothing"}, not a ${kind}`);
  try {
    validate(kind, given);
  } catch (cause) {
    throw new UsageError(`${flag}: ${path}: ${describeError(cause)}`, { cause });
  }
  return { metadata: {}, ...given } as T;
};

const policyOf = async (kube: Kube, file: string | undefined): Promise<Policy | undefined> => {
  const object = file
    ? await fromFile<SharingPolicy>(file, "--policy", "SharingPolicy")
    : await kube.find(sharingPolicies, SHARING_POLICY_NAME);
  return object && compilePolicy(object);
};

const peerOf = async (kube: Kube, name: string | undefined): Promise<ForeignCluster | undefined> => {
  if (name === undefined) return undefined;
  const all = await kube.list(foreignClusters);
  const found = all.find((f) => f.metadata.name === name || f.spec.clusterID === name);
  if (found) return found;
  const names = all.map((f) => f.metadata.name).join(", ");
  throw new UsageError(`--peer: there is no peer "${name}" here`, {
    next: names ? `peers here: ${names}` : "leave it out to ask as a stranger",
  });
};

const requestOf = async (kube: Kube, o: TestOptions, peer: string, id: string): Promise<ResourceRequest> => {
  const imagined = make(resourceRequests, { metadata: { name: REQUEST_NAME }, spec: { clusterID: id } });
  if (o.request?.match(/[./]/)) {
    const given = await fromFile<ResourceRequest>(o.request, "--request", "ResourceRequest");
    return { ...given, spec: { ...given.spec, clusterID: id } };
  }
  const past = await kube.find(resourceRequests, REQUEST_NAME, tenantNamespace(o.request ?? peer));
  if (past) return { ...past, spec: { ...past.spec, clusterID: id } };
  if (o.request !== undefined)
    throw new UsageError(`--request: "${o.request}" is neither a file nor a peer that asked for something`);
  return imagined;
};

const ledgerOf = async (kube: Kube, policy: Policy | undefined): Promise<Ledger> => {
  const ledger = createLedger();
  ledger.sort((policy?.pools ?? []).filter((p) => p.name !== ""));
  const [node, pod] = [countNode(RULES), podCounter()];
  const [allNodes, allPods] = await Promise.all([kube.list(nodes), kube.list(pods)]);
  for (const n of allNodes) ledger.node(n.metadata.name, node(n));
  for (const p of allPods) ledger.pod(pod(p), undefined);
  return ledger;
};

const grantsOf = async (kube: Kube): Promise<Grant[]> =>
  (await kube.list(resourceOffers))
    .filter((o) => !isCopy(o))
    .map((o) => ({
      holder: `${o.metadata.namespace ?? ""}/${o.metadata.name}`,
      pool: o.spec.pool ?? "",
      since: o.metadata.creationTimestamp ?? "9999",
      amounts: parseList(o.spec.resources),
    }));

export const gather = async (kube: Kube, o: TestOptions, now: string): Promise<TestInput> => {
  const fc = await peerOf(kube, o.peer);
  const { id, name } = fc ? { id: fc.spec.clusterID, name: fc.metadata.name } : ANYBODY;
  const policy = await policyOf(kube, o.policy);
  const [request, ledger, grants] = await Promise.all([
    requestOf(kube, o, name, id),
    ledgerOf(kube, policy),
    grantsOf(kube),
  ]);
  return {
    policy,
    peer: { id, name, clusterName: fc?.spec.clusterName ?? "", labels: { ...fc?.metadata.labels } },
    incomingAllowed: fc?.spec.incomingPeering !== "No",
    request,
    ledger,
    grants,
    namespace: tenantNamespace(name),
    now,
  };
};

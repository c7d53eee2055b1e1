/**
 * A peer that means harm, at the API server of a cluster that lends: real certificates, the rights and policies that ship,
 * and the audit policy of deploy/. Each attack is refused, stands in the audit under the peer's name, and changes nothing.
 * What a peer may say to services is tried beside each service, in `hostile.int.test.ts` and its neighbours.
 */
import { namespaceMaps, networkConfigs, shadowClaims } from "@tideway/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Attack,
  certificates,
  identities,
  networkConfig,
  others,
  owners,
  replication,
  resurrections,
  rights,
} from "./attacks.ts";
import {
  type Answer,
  ask,
  type AuditEvent,
  EAST,
  type HostileWorld,
  PLACES,
  startHostileWorld,
} from "./hostile-world.ts";

const TABLE = { identities, certificates, rights, others, owners, replication };
const all: Attack[] = Object.values(TABLE).flat();

let world: HostileWorld;
let before: string[];
let answers: Map<Attack, Answer>;
let records: Map<string, AuditEvent>;

const play = async (list: readonly Attack[]): Promise<Map<Attack, Answer>> => {
  const made = new Map<Attack, Answer>();
  for (const a of list) made.set(a, await ask(world[a.as ?? "east"], a.ask));
  return made;
};

beforeAll(async () => {
  world = await startHostileWorld();
  await world.kube.create(namespaceMaps, {
    metadata: { name: "namespaces", namespace: PLACES.tenant },
    spec: { namespaces: ["owners"] },
  });
  await world.kube.create(shadowClaims, {
    metadata: { name: "data", namespace: PLACES.twin, finalizers: ["offloading.tideway.dev/claim"] },
    spec: { originUID: "x", originNamespace: "shop", size: "1Gi", accessModes: ["ReadWriteOnce"] },
  });
  before = await world.state();
  answers = await play(all);
  records = await world.records([...answers.values()].map((a) => a.auditID));
}, 120_000);
afterAll(async () => {
  await world?.stop();
});

const isRefused = (a: Attack, answer: Answer | undefined): void => {
  expect(`${answer?.status}`, answer?.text).toBe(`${a.want ?? 403}`);
};
const isRecorded = (a: Attack, answer: Answer | undefined, event: AuditEvent | undefined): void => {
  expect(event?.responseStatus?.code).toBe(answer?.status);
  if (a.as === undefined) expect(event?.user.username).toBe(`tideway:${EAST}`);
};

describe.each(Object.entries(TABLE))("%s: a peer that", (_, list) => {
  it.each(list.map((a) => [a.what, a] as const))("%s is refused, and it is recorded", (_what, a) => {
    const answer = answers.get(a);
    isRefused(a, answer);
    isRecorded(a, answer, records.get(answer?.auditID ?? ""));
  });
});

it("nothing in the cluster has changed by all of that, and there are enough of them", async () => {
  expect(await world.state()).toEqual(before);
  expect(all.length).toBeGreaterThan(100);
});

it("what was deleted is not brought back", async () => {
  const path = `/apis/networking.tideway.dev/v1alpha1/namespaces/:tenant/networkconfigs`;
  const body = networkConfig(EAST, { "tideway.dev/origin": EAST });
  expect((await ask(world.east, { method: "POST", path, body })).status).toBe(201);
  const made = await world.kube.get(networkConfigs, EAST, PLACES.tenant);
  await world.kube.delete(networkConfigs, EAST, PLACES.tenant);
  const { uid = "", resourceVersion = "" } = made.metadata;
  const tried = await play(resurrections({ uid, resourceVersion }));
  const seen = await world.records([...tried.values()].map((a) => a.auditID));
  for (const [a, answer] of tried) {
    isRefused(a, answer);
    isRecorded(a, answer, seen.get(answer.auditID));
  }
  expect(await world.kube.find(networkConfigs, EAST, PLACES.tenant)).toBeUndefined();
});

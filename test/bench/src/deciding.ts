/** How long the owner's rules take: one decision under 200 of them, and 200 peers that ask at once. */
import { resourceRequests, type SharingPolicy } from "@tideway/api";
import { informer } from "@tideway/k8s";
import { parseList } from "@tideway/quantity";
import { answer, type Grant, type Question } from "@tideway/sharing";
import { policy, request } from "@tideway/sharing/fixtures";
import * as bed from "../../../services/negotiator/test/world.ts";
import { type Result, summarise } from "./result.ts";

const RULES = 200;
const PEERS = 200;

/** Only the last of them is true: the longest way through. */
export const manyRules = (n: number): NonNullable<SharingPolicy["spec"]["rules"]> =>
  Array.from({ length: n }, (_, i) => ({
    name: `rule-${i}`,
    when:
      i === n - 1
        ? "free.cpu > 0.0"
        : `peer.labels[?'tier'].orValue('') == 'tier-${i}' && request.resources.cpu <= free.cpu / 2.0`,
    action: i === n - 1 ? "accept" : "refuse",
  }));

const question = (): Question => ({
  asker: { id: "east-id", name: "east", labels: { tier: "gold" } },
  request: request({ resources: { cpu: "2" } }),
  incomingAllowed: true,
  policy: policy({ rules: manyRules(RULES), reserve: { percent: 0 } }),
  pool: "",
  now: new Date().toISOString(),
  holder: "tideway-tenant-east/offer",
  capacity: { allocatable: parseList({ cpu: 1000, memory: "4000Gi", pods: 10_000 }), used: parseList({}) },
  grants: Array.from({ length: PEERS }, (_, i): Grant => ({
    holder: `tideway-tenant-${i}/offer`,
    pool: "",
    since: String(i),
    amounts: parseList({ cpu: 1, memory: "1Gi", pods: 10 }),
  })),
  current: undefined,
  before: undefined,
});

/** Decisions one after another, without the first ones, which the compiler still learns from. */
export const benchDecision = (count: number): Result[] => {
  const q = question();
  const samples: number[] = [];
  for (let i = -count / 10; i < count; i++) {
    const begun = performance.now();
    const { verdict } = answer(q);
    const ms = performance.now() - begun;
    if (verdict.rule !== `rule-${RULES - 1}`) throw new Error(`decided by ${verdict.rule}`);
    if (i >= 0) samples.push(ms);
  }
  const r = summarise(samples);
  return [{ name: `decision under ${RULES} rules`, unit: "ms", ...r, target: "p99 <= 5", met: r.p99 <= 5 }];
};

/** On a real API server: from the first request written to the last answer seen. */
export const benchSettling = async (): Promise<Result[]> => {
  const w = await bed.startWorld({ capacityDelayMs: 500 });
  const stop = new AbortController();
  try {
    for (const n of [0, 1, 2]) await bed.addNode(w, `node-${n}`, "1000", "4000Gi");
    await bed.setPolicy(w, {
      reserve: { percent: 0 },
      perPeer: { cpu: 2, memory: "4Gi", pods: 1 },
      rules: manyRules(RULES),
    });
    const names = Array.from({ length: PEERS }, (_, i) => `p${i}`);
    const peers = await Promise.all(names.map((name) => bed.addPeer(w, name, "incoming")));
    const requests = informer(w.kube, resourceRequests);
    requests.start(stop.signal);
    await requests.synced;
    const begun = performance.now();
    const ask = { resources: { cpu: "2", memory: "4Gi", pods: "1" } };
    await Promise.all(peers.map((p) => bed.bringRequest(w, p, ask)));
    await bed.eventually(
      "all answers",
      () => requests.list().filter((r) => r.status?.decision === "Accepted"),
      (done) => done.length === PEERS,
    );
    const ms = performance.now() - begun;
    const name = `${PEERS} peers that ask at once, all settled`;
    return [{ name, unit: "ms", n: 1, p50: ms, p99: ms, target: "<= 20000", met: ms <= 20_000 }];
  } finally {
    stop.abort();
    await w.stop();
  }
};

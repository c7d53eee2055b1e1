import { resourceRequests, type SharingPolicy } from "@tideway/api";
import { informer } from "@tideway/k8s";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addNode, addPeer, bringRequest, eventually, setPolicy, startWorld, type World } from "./world.ts";

const PEERS = 200;
let w: World;
beforeAll(async () => {
  w = await startWorld({ capacityDelayMs: 500 });
  await addNode(w, "node-0", "1000", "4000Gi");
});
afterAll(() => w?.stop());

/** The last of them speaks. */
const rules = (n: number): NonNullable<SharingPolicy["spec"]["rules"]> =>
  Array.from({ length: n }, (_, i) => ({
    name: `rule-${i}`,
    when:
      i === n - 1
        ? "free.cpu > 0.0"
        : `peer.labels[?'tier'].orValue('') == 'tier-${i}' && request.resources.cpu <= free.cpu / 2.0`,
    action: i === n - 1 ? "accept" : "refuse",
  }));

it("200 peers that ask at once, under 200 rules, are all settled within 20 s", async () => {
  await setPolicy(w, {
    reserve: { percent: 0 },
    perPeer: { cpu: 2, memory: "4Gi", pods: 1 },
    total: { pods: 1000 },
    rules: rules(200),
  });
  await addNode(w, "node-1", "1000", "4000Gi");
  await addNode(w, "node-2", "1000", "4000Gi");
  const peers = await Promise.all(Array.from({ length: PEERS }, (_, i) => addPeer(w, `p${i}`, "incoming")));
  const stop = new AbortController();
  const requests = informer(w.kube, resourceRequests);
  requests.start(stop.signal);
  await requests.synced;
  const begun = performance.now();
  await Promise.all(
    peers.map((p) => bringRequest(w, p, { resources: { cpu: "2", memory: "4Gi", pods: "1" } })),
  );
  await eventually(
    "all answers",
    () => requests.list().filter((r) => r.status?.decision === "Accepted" && r.status.rule === "rule-199"),
    (done) => done.length === PEERS,
  );
  const settledMs = performance.now() - begun;
  stop.abort();
  expect(settledMs).toBeLessThan(20_000);
});

import { resourceOffers, resourceRequests } from "@tideway/api";
import { informer, nodes, pods } from "@tideway/k8s";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  addNode,
  addPeer,
  addPod,
  bringRequest,
  cpuOf,
  eventually,
  offerOf,
  type Peer,
  requestOf,
  setPolicy,
  startWorld,
  type World,
} from "./world.ts";

let w: World;
let east: Peer;
beforeAll(async () => {
  w = await startWorld();
  await addNode(w, "node-0", "10", "10Gi");
  await addPod(w, "local", "node-0", "1");
  await setPolicy(w, { reserve: { percent: 30 }, defaultAction: "accept" });
  east = await addPeer(w, "east", "incoming");
  await bringRequest(w, east);
});
afterAll(() => w?.stop());

const cpu = async (peer: Peer): Promise<number> => cpuOf((await offerOf(w, peer))?.spec.resources.cpu);
const endPod = (name: string): Promise<void> =>
  w.kube.delete(pods, name, "default", { gracePeriodSeconds: 0 });

/** Until the ledger holds `used` cores of local pods. */
const counted = (used: number): Promise<unknown> =>
  eventually(
    "the ledger",
    () => w.metric("tideway_negotiator_capacity", { resource: "cpu", kind: "used" }),
    (v) => v === used,
  );
/** Until the ledger holds `used` cores of local pods and east, the only peer yet, was looked at since. */
const lookedAt = async (used: number): Promise<void> => {
  await counted(used);
  const rounds = () => w.metric("tideway_reconcile_total", { controller: "offer", outcome: "success" });
  // twice: the first look to end may have begun before
  for (const look of ["first", "second"]) {
    const before = (await rounds()) ?? 0;
    await w.kube.patch(resourceRequests, "request", east.namespace, {
      metadata: { annotations: { look: `${look} at ${used}` } },
    });
    await eventually("another look", rounds, (v) => v > before);
  }
};

it("offers what is free less the reserve", () =>
  eventually(
    "six cores",
    () => cpu(east),
    (c) => c === 6,
  ));

it("follows a local pod that takes and gives back capacity, but not a small one", async () => {
  await addPod(w, "hungry", "node-0", "4");
  await eventually(
    "an offer that fits",
    () => cpu(east),
    (c) => c <= 2,
  );
  await endPod("hungry");
  await eventually(
    "what it was before",
    () => cpu(east),
    (c) => c === 6,
  );
  await addPod(w, "small", "node-0", "50m");
  await eventually(
    "an offer that fits",
    () => cpu(east),
    (c) => c < 6,
  );
  const { metadata } = await eventually(
    "the offer",
    () => offerOf(w, east),
    () => true,
  );
  await endPod("small");
  await lookedAt(1);
  expect((await offerOf(w, east))?.metadata.generation).toBe(metadata.generation);
});

it("leaves out what a peer's own pods use", async () => {
  const before = await cpu(east);
  await addPod(w, "foreign", "node-0", "1", { "tideway.dev/origin": east.id });
  await addPod(w, "marker", "node-0", "10m"); // seen after the foreign one
  await lookedAt(1.01);
  expect(await cpu(east)).toBe(before);
  await Promise.all([endPod("foreign"), endPod("marker")]);
  await counted(1);
});

it("never offers peers together more than is free, not even for a moment", async () => {
  const stop = new AbortController();
  const offers = informer(w.kube, resourceOffers);
  let most = 0;
  offers.onChange(() => {
    most = Math.max(
      most,
      offers.list().reduce((sum, o) => sum + cpuOf(o.spec.resources.cpu), 0),
    );
  });
  await setPolicy(w, {
    reserve: { percent: 30 },
    perPeer: { cpu: 2, memory: "1Gi", pods: 10 },
    defaultAction: "accept",
  });
  await eventually(
    "east within the cap",
    () => cpu(east),
    (c) => c === 2,
  );
  offers.start(stop.signal);
  const peers = await Promise.all(["a", "b", "c", "d", "e"].map((name) => addPeer(w, name, "incoming")));
  await Promise.all(peers.map((p) => bringRequest(w, p)));
  const answers = await Promise.all(
    peers.map((p) =>
      eventually(
        `the answer to ${p.name}`,
        () => requestOf(w, p),
        (r) => r.status?.decision !== undefined,
      ),
    ),
  );
  expect(answers.map((r) => r.status?.decision).toSorted()).toEqual([
    "Accepted",
    "Accepted",
    "Refused",
    "Refused",
    "Refused",
  ]);
  await eventually(
    "the cache that counts",
    () => most,
    (m) => m >= 6,
  );
  expect(most).toBe(6);
  stop.abort();
});

it("gives what one peer leaves to one that was refused", async () => {
  const refused = async (): Promise<string[]> =>
    (await w.kube.list(resourceRequests))
      .filter((r) => r.status?.decision === "Refused")
      .map((r) => r.metadata.namespace ?? "");
  const waiting = await refused();
  await w.kube.delete(resourceRequests, "request", east.namespace);
  await eventually("one refusal less", refused, (now) => now.length === waiting.length - 1);
});

it("counts a node only while it is schedulable, and overlooks KWOK's taint", async () => {
  const all = async (): Promise<number> =>
    (await w.kube.list(resourceOffers)).reduce((sum, o) => sum + cpuOf(o.spec.resources.cpu), 0);
  await addNode(w, "kwok-0", "100", "100Gi", [
    { key: "kwok.x-k8s.io/node", value: "fake", effect: "NoSchedule" },
  ]);
  await setPolicy(w, { reserve: { percent: 0 }, defaultAction: "accept" });
  await eventually("the big node is offered", all, (sum) => sum > 90);
  await w.kube.patch(nodes, "kwok-0", undefined, { spec: { unschedulable: true } });
  await eventually("the big node is taken back", all, (sum) => sum <= 9);
});

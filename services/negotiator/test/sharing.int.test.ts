import { resourceOffers, sharingPolicies } from "@tideway/api";
import { pods } from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addNode,
  addPeer,
  addPod,
  bringRequest,
  eventually,
  factOf,
  offerOf,
  type Peer,
  podsSeen,
  requestOf,
  sayPeer,
  setPolicy,
  startWorld,
  type World,
} from "./world.ts";

let w: World;
let east: Peer;
beforeAll(async () => {
  w = await startWorld();
  await addNode(w, "node-0", "10", "10Gi");
  await addNode(w, "gpu-0", "8", "8Gi", [], { accelerator: "a100" });
  await addPod(w, "local", "node-0", "1");
  east = await addPeer(w, "east", "incoming");
});
afterAll(() => w?.stop());

const answered = (peer: Peer, is: (reason: string | undefined) => boolean) =>
  eventually(
    "the answer",
    () => requestOf(w, peer),
    (r) => is(r.status?.conditions?.[0]?.reason),
  );
const offered = (peer: Peer, what: string, name = "offer") => ({
  is: (is: (o: NonNullable<Awaited<ReturnType<typeof offerOf>>>) => boolean) =>
    eventually(what, () => offerOf(w, peer, name), is),
});
/** The consumer's word that it has seen the offer as it stands. */
const accept = async (peer: Peer, spec: object = {}): Promise<void> => {
  const { metadata } = await offered(peer, "an offer").is(() => true);
  await bringRequest(w, peer, {
    acceptedOffer: { name: "offer", generation: metadata.generation ?? 0 },
    ...spec,
  });
};
const isGone = async (peer: Peer, name = "offer"): Promise<unknown> =>
  eventually(
    "the end of the offer",
    async () => ({ offer: await offerOf(w, peer, name) }),
    (x) => x.offer === undefined,
  );

describe("rules in CEL", () => {
  it("decide by labels of the peer and what is asked, and the rule is told everywhere", async () => {
    await setPolicy(w, {
      rules: [
        { name: "silver", when: "peer.labels[?'tier'].orValue('') == 'silver'", action: "refuse" },
        {
          name: "small-gold",
          when: "has(peer.labels.tier) && peer.labels.tier == 'gold' && request.resources.cpu <= 4.0",
          action: "accept",
        },
      ],
    });
    await sayPeer(w, east, { labels: { tier: "gold" } });
    await bringRequest(w, east, { resources: { cpu: "4" } });
    const { status } = await answered(east, (reason) => reason === "AcceptedByRule");
    expect(status?.rule).toBe("small-gold");
    const fact = await eventually(
      "the fact",
      () => factOf(w, east, "incoming"),
      (f) => f.data.state === "OFFERED",
    );
    expect(fact.data.pools).toMatchObject(
      [{ name: "", resources: { cpu: "4" }, expiresAt: /./ }].map((p) => ({
        ...p,
        expiresAt: expect.stringMatching(/Z$/),
      })),
    );
    await eventually(
      "the audit record",
      () => w.records,
      (all) => all.some((r) => r.peer === east.id && r.outcome === "GRANTED" && r.action === "negotiate"),
    );
  });

  it("with a mistake are named with rule, expression and column, and take nothing away", async () => {
    await setPolicy(w, { rules: [{ name: "typo", when: "peer.lables.tier == 'x'", action: "refuse" }] });
    const policy = await eventually(
      "the verdict on the policy",
      () => w.kube.find(sharingPolicies, "default"),
      (p) => p.status?.conditions?.[0]?.status === "False",
    );
    expect(policy.status?.conditions?.[0]).toMatchObject({
      reason: "InvalidPolicy",
      message: expect.stringMatching(
        /spec\.rules\[0\]\.when \(rule "typo"\): line 1, column 6: No such key: lables.*in: peer\.lables/,
      ),
    });
    await answered(east, (reason) => reason === "GrantedBefore");
    expect((await offerOf(w, east))?.spec.withdrawal).toBeUndefined();
  });
});

describe("an offer", () => {
  it("carries labels, classes and price, and its validity is renewed before it ends", async () => {
    await setPolicy(w, {
      defaultAction: "accept",
      offer: {
        validFor: "8s",
        labels: { "example.com/provider": "west" },
        storageClasses: [{ name: "fast", default: true, capacity: 1024, price: "0.01" }],
        ingressClasses: [{ name: "public" }],
        price: { currency: "EUR", perHour: { cpu: "0.03" } },
      },
    });
    const first = await offered(east, "the terms").is((o) => o.spec.price !== undefined);
    expect(first.spec).toMatchObject({
      labels: { "example.com/provider": "west" },
      storageClasses: [{ name: "fast", default: true, capacity: "1024", price: "0.01" }],
      ingressClasses: [{ name: "public" }],
      price: { currency: "EUR", perHour: { cpu: "0.03" } },
    });
    const ends = Date.parse(first.spec.expiresAt ?? "");
    const renewed = await offered(east, "a renewal").is((o) => Date.parse(o.spec.expiresAt ?? "") > ends);
    expect(Date.parse(renewed.spec.expiresAt ?? "") - 8_000).toBeLessThan(ends);
    await setPolicy(w, { defaultAction: "accept" });
  });

  it("shrinks to what pods use, follows them, and takes the rest at the deadline", async () => {
    await setPolicy(w, { reserve: { percent: 0 }, defaultAction: "accept" });
    await bringRequest(w, east);
    await offered(east, "all of it").is((o) => o.spec.resources.cpu === "17");
    const foreign = { "tideway.dev/origin": east.id };
    await addPod(w, "theirs-0", "node-0", "3", foreign);
    await addPod(w, "theirs-1", "node-0", "3", foreign);
    await podsSeen(w);
    const small = { reserve: { percent: 0 }, perPeer: { cpu: 2 }, defaultAction: "accept" } as const;
    await setPolicy(w, { ...small, withdrawal: { deadline: "1h" } });
    const shrinking = await offered(east, "what is used").is((o) => o.spec.resources.cpu === "6");
    expect(shrinking.spec.withdrawal).toMatchObject({
      state: "Shrinking",
      reason: expect.any(String),
    });
    await w.kube.delete(pods, "theirs-1", "default", { gracePeriodSeconds: 0 });
    await offered(east, "what is still used").is((o) => o.spec.resources.cpu === "3");
    await setPolicy(w, { ...small, withdrawal: { deadline: "1s" } });
    const done = await offered(east, "the deadline").is((o) => o.spec.resources.cpu === "2");
    expect(done.spec.withdrawal).toBeUndefined();
    await w.kube.delete(pods, "theirs-0", "default", { gracePeriodSeconds: 0 });
  });

  it("is cordoned, drained and ended when the owner withdraws, with states that kubectl shows", async () => {
    await setPolicy(w, { reserve: { percent: 0 }, defaultAction: "accept" });
    await offered(east, "much").is((o) => o.spec.resources.cpu === "17");
    await addPod(w, "theirs", "node-0", "3", { "tideway.dev/origin": east.id });
    await podsSeen(w);
    const withdraw = (cordonFor: string) =>
      setPolicy(w, {
        reserve: { percent: 0 },
        defaultAction: "accept",
        withdrawals: [{ peer: "east", reason: "maintenance", cordonFor, deadline: "2h" }],
      });
    await withdraw("1h");
    await offered(east, "cordoned").is((o) => o.spec.withdrawal?.state === "Cordoned");
    const { status } = await answered(east, (reason) => reason === "Withdrawing");
    expect(status).toMatchObject({ decision: "Accepted", reason: expect.stringContaining("maintenance") });
    await accept(east);
    await withdraw("1s");
    await offered(east, "draining, as much as is used").is(
      (o) => o.spec.withdrawal?.state === "Draining" && o.spec.resources.cpu === "3",
    );
    const table = await w.api.kubectl("get", "resourceoffers", "--namespace", east.namespace);
    expect(table).toMatch(/WITHDRAWAL\s+SINCE\s+DEADLINE/);
    expect(table).toMatch(/offer\s.*Draining/);
    const fact = await eventually(
      "the fact",
      () => factOf(w, east, "incoming"),
      (f) => f.data.pools[0]?.withdrawal?.state === "DRAINING",
    );
    expect(fact.data.state).toBe("ACCEPTED");
    await w.kube.delete(pods, "theirs", "default", { gracePeriodSeconds: 0 });
    await isGone(east);
    await answered(east, (reason) => reason === "Withdrawn");
    await eventually(
      "the audit records",
      () => w.records.filter((r) => r.peer === east.id && r.action === "withdraw").map((r) => r.reason),
      (told) => ["Shrinking", "Cordoned", "Draining"].every((r) => told.includes(r)),
    );
  });

  it("ends at the deadline although it is used, and at once when nothing is used and the peer knows", async () => {
    await setPolicy(w, { reserve: { percent: 0 }, defaultAction: "accept" });
    await bringRequest(w, east);
    await offered(east, "again").is((o) => !o.spec.withdrawal);
    await addPod(w, "stays", "node-0", "1", { "tideway.dev/origin": east.id });
    await setPolicy(w, { defaultAction: "refuse", withdrawal: { cordonFor: "0s", deadline: "1s" } });
    await isGone(east);
    await w.kube.delete(pods, "stays", "default", { gracePeriodSeconds: 0 });
    await setPolicy(w, { reserve: { percent: 0 }, defaultAction: "accept" });
    await offered(east, "once more").is((o) => !o.spec.withdrawal);
    await setPolicy(w, { defaultAction: "refuse", withdrawal: { cordonFor: "1h", deadline: "2h" } });
    await offered(east, "cordoned").is((o) => o.spec.withdrawal?.state === "Cordoned");
    await accept(east);
    await isGone(east);
  });
});

describe("node pools", () => {
  const pools = {
    reserve: { percent: 0 },
    defaultAction: "accept",
    pools: [
      {
        name: "gpu",
        nodeSelector: { accelerator: "a100" },
        labels: { hardware: "a100" },
        perPeer: { cpu: 5 },
      },
    ],
  } as const;
  const withArrays = () => structuredClone(pools) as never;

  it("are offers of their own, no node counted twice, to peers that make nodes of them", async () => {
    await setPolicy(w, withArrays());
    await bringRequest(w, east, { pools: true });
    await offered(east, "the nodes in no pool").is((o) => o.spec.resources.cpu === "9");
    const gpu = await offered(east, "the pool", "offer-gpu").is(() => true);
    expect(gpu.spec).toMatchObject({ pool: "gpu", resources: { cpu: "5" }, labels: { hardware: "a100" } });
    const request = await eventually(
      "the answer for the pool",
      () => requestOf(w, east),
      (r) => r.status?.pools?.[0]?.decision === "Accepted",
    );
    expect(request.status?.decision).toBe("Accepted");
    const fact = await eventually(
      "both in the fact",
      () => factOf(w, east, "incoming"),
      (f) => f.data.pools.length === 2 && f.data.resources.cpu === "14",
    );
    const on = (operator: string) => [{ all: [{ key: "accelerator", operator, values: ["a100"] }] }];
    expect(Object.fromEntries(fact.data.pools.map((p) => [p.name, p.nodes]))).toEqual({
      "": on("NotIn"),
      gpu: on("In"),
    });
  });

  it("are not offered to a peer of an older version, which gets what it knows", async () => {
    const old = await addPeer(w, "old", "incoming");
    await bringRequest(w, old, { resources: { cpu: "0", memory: "1Mi", pods: "1" } });
    await answered(old, (reason) => reason === "NoCapacity");
    expect(
      (await w.kube.list(resourceOffers, { namespace: old.namespace })).map((o) => o.metadata.name),
    ).toEqual([]);
  });

  it("that leave the policy are taken back gracefully", async () => {
    await addPod(w, "on-gpu", "gpu-0", "2", { "tideway.dev/origin": east.id });
    await podsSeen(w);
    await setPolicy(w, { reserve: { percent: 0 }, defaultAction: "accept" });
    await offered(east, "cordoned", "offer-gpu").is((o) => o.spec.withdrawal?.state === "Cordoned");
    await w.kube.delete(pods, "on-gpu", "default", { gracePeriodSeconds: 0 });
    const { metadata } = await offered(east, "the pool's offer", "offer-gpu").is(() => true);
    await bringRequest(w, east, {
      pools: true,
      acceptedPools: [{ name: "offer-gpu", generation: metadata.generation ?? 0 }],
    });
    await isGone(east, "offer-gpu");
  });
});

import { join } from "node:path";
import { APPROVE, ORIGIN, resourceOffers, resourceRequests, sharingPolicies } from "@tideway/api";
import { events } from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addNode,
  addPeer,
  addPod,
  bringOffer,
  bringRequest,
  conditionOf,
  eventually,
  factOf,
  offerOf,
  requestOf,
  sayIdentity,
  sayNode,
  sayPeer,
  setPolicy,
  startWorld,
  type World,
} from "./world.ts";

let w: World;
beforeAll(async () => {
  w = await startWorld();
  await addNode(w, "node-0", "10", "10Gi");
  await addPod(w, "local", "node-0", "1");
});
afterAll(() => w?.stop());

/** What was asked in earlier tests holds capacity no more. */
const endAll = async (): Promise<void> => {
  for (const { metadata } of await w.kube.list(resourceRequests))
    await w.kube.delete(resourceRequests, metadata.name, metadata.namespace);
  await eventually(
    "the end of all offers",
    () => w.kube.list(resourceOffers),
    (offers) => offers.length === 0,
  );
};

describe("provider", () => {
  it("answers a request with an offer of what is free less the reserve, and tells both by fact and condition", async () => {
    await setPolicy(w, {
      reserve: { percent: 30 },
      rules: [{ name: "friends", peers: ["east"], action: "accept" }],
      defaultAction: "ask",
    });
    const east = await addPeer(w, "east", "incoming");
    await bringRequest(w, east);
    // 10 allocatable, 1 used, 3 kept.
    const offer = await eventually(
      "the offer",
      () => offerOf(w, east),
      (o) => o.spec.resources.cpu === "6" && o.spec.resources.pods === "76",
    );
    expect(offer.spec.clusterID).toBe(w.clusterID);
    const request = await eventually(
      "the answer",
      () => requestOf(w, east),
      (r) => r.status?.decision !== undefined,
    );
    expect(request.status).toMatchObject({ decision: "Accepted", rule: "friends" });
    await eventually(
      "the fact",
      () => factOf(w, east, "incoming"),
      (f) => f.data.state === "OFFERED",
    );

    await bringRequest(w, east, {
      acceptedOffer: { name: "offer", generation: offer.metadata.generation ?? 0 },
    });
    const fact = await eventually(
      "acceptance",
      () => factOf(w, east, "incoming"),
      (f) => f.data.state === "ACCEPTED",
    );
    expect(fact.data).toMatchObject({ name: "east", rule: "friends", resources: { cpu: "6" } });
    const condition = await eventually(
      "the condition",
      () => conditionOf(w, east),
      (c) => c.reason === "OfferAccepted",
    );
    expect(condition).toMatchObject({
      status: "True",
      message: expect.stringContaining('by rule "friends"'),
    });
  });

  it("refuses by the rule's name and reason, on both the request and the condition", async () => {
    await setPolicy(w, {
      rules: [{ name: "no-strangers", peers: ["stranger"], action: "refuse", reason: "not our customer" }],
      defaultAction: "accept",
    });
    const peer = await addPeer(w, "stranger", "incoming");
    await bringRequest(w, peer);
    const request = await eventually(
      "the refusal",
      () => requestOf(w, peer),
      (r) => r.status?.decision === "Refused",
    );
    expect(request.status).toMatchObject({
      rule: "no-strangers",
      reason: expect.stringContaining("not our customer"),
    });
    const condition = await eventually(
      "the condition",
      () => conditionOf(w, peer),
      (c) => c.reason === "RefusedByRule",
    );
    expect(condition).toMatchObject({
      status: "False",
      message: expect.stringContaining("not our customer"),
    });
    expect(await offerOf(w, peer)).toBeUndefined();
    const seen = await eventually(
      "the Event",
      () => w.kube.list(events, { namespace: peer.namespace }),
      (l) => l.length > 0,
    );
    expect(seen[0]).toMatchObject({
      type: "Warning",
      reason: "Refused",
      involvedObject: { kind: "ResourceRequest" },
    });
  });

  it("waits for a person where there is no policy, and offers when that person approves", async () => {
    await endAll();
    await w.kube.delete(sharingPolicies, "default");
    const peer = await addPeer(w, "asker", "incoming");
    await bringRequest(w, peer, { resources: { cpu: "100m", memory: "10Mi", pods: "1" } });
    await eventually(
      "pending",
      () => requestOf(w, peer),
      (r) => r.status?.decision === "Pending" && r.status.rule === "no policy",
    );
    await w.kube.patch(resourceRequests, "request", peer.namespace, {
      metadata: { annotations: { [APPROVE]: "yes" } },
    });
    const offer = await eventually(
      "the offer",
      () => offerOf(w, peer),
      () => true,
    );
    expect(offer.spec.resources).toMatchObject({ cpu: "100m", memory: "10Mi", pods: "1" });
  });

  it("takes the offer back when the request goes, and when the identity is revoked", async () => {
    await setPolicy(w, { reserve: { percent: 0 }, defaultAction: "accept" });
    const peer = { id: "id-of-asker", name: "asker", namespace: "tideway-tenant-asker" };
    await w.kube.delete(resourceRequests, "request", peer.namespace);
    await eventually(
      "the end of the offer",
      async () => ({ offer: await offerOf(w, peer) }),
      (o) => o.offer === undefined,
    );
    await eventually(
      "the fact of it",
      () => factOf(w, peer, "incoming"),
      (f) => f.data.state === "GONE",
    );
    await eventually(
      "the end of the condition",
      async () => ({ c: await conditionOf(w, peer) }),
      ({ c }) => c === undefined,
    );

    await bringRequest(w, peer, { resources: { cpu: "100m", memory: "10Mi", pods: "1" } });
    await eventually(
      "a new offer",
      () => offerOf(w, peer),
      () => true,
    );
    await sayIdentity(w, peer, "incoming", "REVOKED");
    await eventually(
      "the end of it",
      async () => ({ offer: await offerOf(w, peer) }),
      (o) => o.offer === undefined,
    );
  });

  it("tells the owner whether a policy is used", async () => {
    await eventually(
      "the policy's condition",
      () => w.kube.get(sharingPolicies, "default"),
      (p) => p.status?.conditions?.[0]?.reason === "InUse",
    );
  });
});

describe("consumer", () => {
  it("asks when the identity is granted, accepts the offer, and tells", async () => {
    const west = await addPeer(w, "west", "outgoing");
    const request = await eventually(
      "the request",
      () => requestOf(w, west),
      () => true,
    );
    expect(request.spec).toEqual({ clusterID: w.clusterID });
    await eventually(
      "the fact",
      () => factOf(w, west, "outgoing"),
      (f) => f.data.state === "REQUESTED",
    );
    await bringOffer(w, west, { cpu: "4", memory: "8Gi", pods: "100" });
    const fact = await eventually(
      "acceptance",
      () => factOf(w, west, "outgoing"),
      (f) => f.data.state === "ACCEPTED",
    );
    expect(fact.data.resources).toEqual({ cpu: "4", memory: "8Gi", pods: "100" });
    await eventually(
      "the accepted generation",
      () => requestOf(w, west),
      (r) => r.spec.acceptedOffer?.generation === 1,
    );
    await eventually(
      "the condition",
      () => conditionOf(w, west),
      (c) => c.status === "True" && c.message.includes("west gives cpu 4"),
    );
  });

  it("keeps the request while the node drains, and takes it back when the node is gone, across a restart", async () => {
    const west = { id: "id-of-west", name: "west", namespace: "tideway-peer-west" };
    await sayNode(w, west, "DRAINING");
    await w.restart(); // it knows of the node before it hears that the peer is not wanted
    await sayPeer(w, west, { outgoing: false, unpeerDeadline: new Date(Date.now() + 600_000).toISOString() });
    await w.restart();
    expect((await requestOf(w, west))?.metadata.deletionTimestamp).toBeUndefined();
    await sayNode(w, west, "GONE");
    await eventually(
      "the end of the request",
      async () => ({ r: await requestOf(w, west) }),
      ({ r }) => r === undefined,
    );
    await eventually(
      "the fact",
      () => factOf(w, west, "outgoing"),
      (f) => f.data.state === "GONE",
    );
  });

  it("does not wait for the node beyond the deadline", async () => {
    const late = await addPeer(w, "late", "outgoing");
    await eventually(
      "the request",
      () => requestOf(w, late),
      () => true,
    );
    await sayNode(w, late, "DRAINING");
    await sayPeer(w, late, { outgoing: false, unpeerDeadline: new Date(Date.now() + 300).toISOString() });
    await eventually(
      "the end of the request",
      async () => ({ r: await requestOf(w, late) }),
      ({ r }) => r === undefined,
    );
  });

  it("asks nothing of a peer it does not want, although it could", async () => {
    const idle = await addPeer(w, "idle", "outgoing");
    await sayPeer(w, idle, { outgoing: false });
    await eventually(
      "nothing asked",
      async () => ({ r: await requestOf(w, idle) }),
      ({ r }) => r === undefined,
    );
  });

  it("does not accept an offer above its limit of price, and says so, until it is cheap enough", async () => {
    const dear = await addPeer(w, "dear", "outgoing");
    const asked = await eventually(
      "the request",
      () => requestOf(w, dear),
      () => true,
    );
    await w.kube.patch(resourceRequests, "request", dear.namespace, {
      metadata: { uid: asked.metadata.uid },
      spec: { maxPrice: { currency: "EUR", perHour: "0.20" } },
    });
    await w.restart(); // it knows of the limit before an offer comes
    const offerAt = (cpu: string, currency = "EUR") =>
      bringOffer(w, dear, { cpu: "4" }, { price: { currency, perHour: { cpu } } });
    const refused = (message: string) =>
      eventually(
        `no, since ${message}`,
        () => conditionOf(w, dear),
        (c) => c.reason === "PriceTooHigh" && (c.message ?? "").includes(message),
      );
    await offerAt("0.06");
    const said = await refused("it costs 0.24 EUR an hour, spec.maxPrice of the request is 0.20 EUR");
    expect(said.status).toBe("False");
    expect((await requestOf(w, dear))?.spec.acceptedOffer).toBeUndefined();
    await eventually(
      "the fact",
      () => factOf(w, dear, "outgoing"),
      (f) => f.data.state === "PENDING" && f.data.reason === "PriceTooHigh",
    );
    await offerAt("0.01", "USD"); // another currency cannot be compared
    await refused("USD");
    await offerAt("0.05");
    await eventually(
      "accepted",
      () => requestOf(w, dear),
      (r) => r.spec.acceptedOffer?.name === "offer" && r.spec.maxPrice?.perHour === "0.20",
    );
    await eventually(
      "told",
      () => conditionOf(w, dear),
      (c) => c.reason === "OfferAccepted",
    );
    await offerAt("0.07"); // dearer than what was accepted
    await refused("it costs 0.28 EUR");
    await eventually(
      "taken back",
      () => requestOf(w, dear),
      (r) => r.spec.acceptedOffer === undefined,
    );
  });

  it("says by which rule it was refused", async () => {
    const strict = await addPeer(w, "strict", "outgoing");
    const { metadata } = await eventually(
      "the request",
      () => requestOf(w, strict),
      () => true,
    );
    await w.kube.apply(
      resourceRequests,
      {
        metadata: {
          name: "request",
          namespace: strict.namespace,
          ...(metadata.uid ? { uid: metadata.uid } : {}),
        },
        status: {
          decision: "Refused",
          rule: "no-strangers",
          reason: 'rule "no-strangers" refuses: not our customer',
        },
      },
      { fieldManager: "replicator", subresource: "status" },
    );
    const condition = await eventually(
      "the condition",
      () => conditionOf(w, strict),
      (c) => c.message === 'strict refuses: rule "no-strangers" refuses: not our customer',
    );
    expect(condition.status).toBe("False");
  });
});

describe("a peer's credentials", () => {
  const as = (id: string) => ({ "impersonate-user": `tideway:${id}`, "impersonate-group": "tideway:peers" });
  const change = async (
    id: string,
    patch: object,
    namespace: string,
  ): Promise<{ status: number; text: string }> => {
    const answer = await w.kube.request({
      method: "PATCH",
      path: `/apis/sharing.tideway.dev/v1alpha1/namespaces/${namespace}/resourcerequests/request`,
      headers: { ...as(id), "content-type": "application/merge-patch+json" },
      body: JSON.stringify(patch),
    });
    return { status: answer.status, text: await answer.body.text() };
  };
  const resources = { spec: { resources: { cpu: "1" } } };

  it("change its own request, but neither approve it nor touch what is ours or another's", async () => {
    await w.api.kubectl(
      "apply",
      "--server-side",
      "-f",
      join(DEPLOY, "negotiator/admission-policy.yaml"),
      "-f",
      join(DEPLOY, "auth/rbac-peer.yaml"),
    );
    const peer = await addPeer(w, "sly", "incoming");
    await bringRequest(w, peer);
    await w.api.kubectl(
      "create",
      "rolebinding",
      "peer",
      "--clusterrole=tideway-peer",
      "--group=tideway:peers",
      `--namespace=${peer.namespace}`,
    );
    await eventually(
      "the API server's no to another peer",
      () => change("id-of-other", resources, peer.namespace),
      (a) => /only objects that carry its own cluster ID/.test(a.text),
    );
    expect((await change(peer.id, resources, peer.namespace)).status).toBe(200);
    const sly = await change(peer.id, { metadata: { annotations: { [APPROVE]: "yes" } } }, peer.namespace);
    expect(sly.text).toMatch(/does not approve its own request/);
    expect((await change(peer.id, { metadata: { labels: { [ORIGIN]: null } } }, peer.namespace)).status).toBe(
      422,
    );
    expect((await requestOf(w, peer))?.metadata.annotations?.[APPROVE]).toBeUndefined();
  });
});

const DEPLOY = join(import.meta.dirname, "../../../deploy/base");

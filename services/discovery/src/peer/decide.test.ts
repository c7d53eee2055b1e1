import { describe, expect, it } from "vitest";
import { findCondition } from "@tideway/api";
import type { Health } from "../probe/health.ts";
import { decide } from "./decide.ts";
import {
  ANSWER,
  after,
  clusterOf,
  deletedAt,
  ID,
  identityOf,
  nodeOf,
  NOW,
  offerOf,
  replicationOf,
  saidOf,
  USED,
  worldOf,
} from "./fixtures.ts";
import type { World } from "./world.ts";

const wanted = clusterOf({ outgoingPeering: "Yes" });
const down = (reason: "Unreachable" | "Timeout" | "ClusterIDChanged", error: string): Health => ({
  verdict: "Down",
  failures: 3,
  last: { ok: false, reason, error },
});
const up: Health = { verdict: "Up", failures: 0, last: ANSWER };
const at = (ms: number): string => new Date(ms).toISOString();
const condition = (w: World, type: string) => findCondition(decide(w).status?.conditions, type);

describe("Ready", () => {
  const cases: [string, Partial<World>, string, string, string][] = [
    ["nothing wanted", {}, "False", "NotPeered", "nothing is wanted"],
    [
      "Auto is no outgoing peering",
      { cluster: clusterOf({ outgoingPeering: "Auto" }) },
      "False",
      "NotPeered",
      "",
    ],
    ["no identity yet", { cluster: wanted }, "False", "Authenticating", "auth"],
    [
      "no identity, and nobody answers",
      { cluster: wanted, health: down("Unreachable", "192.0.2.1:443: cannot connect") },
      "False",
      "Unreachable",
      "192.0.2.1:443: cannot connect; next try within 5.5 s",
    ],
    [
      "identity denied",
      {
        cluster: wanted,
        heard: {
          ...USED,
          identity: {
            outgoing: identityOf("DENIED", { reason: "TokenUsed", message: "the token was used" }),
          },
        },
      },
      "False",
      "TokenUsed",
      "the token was used",
    ],
    [
      "identity denied without a word",
      {
        cluster: wanted,
        heard: { ...USED, identity: { outgoing: identityOf("DENIED", { reason: "no such word!" }) } },
      },
      "False",
      "Denied",
      "grants no identity",
    ],
    [
      "identity revoked",
      {
        cluster: wanted,
        heard: {
          ...USED,
          identity: { outgoing: identityOf("REVOKED", { reason: "Revoked", message: "off" }) },
        },
      },
      "False",
      "Revoked",
      "off",
    ],
    [
      "no offer yet",
      { cluster: wanted, heard: { ...USED, offer: {} } },
      "False",
      "Negotiating",
      "not answered",
    ],
    [
      "a person decides",
      { cluster: wanted, heard: { ...USED, offer: { outgoing: offerOf("PENDING", { rule: "ask-first" }) } } },
      "False",
      "ApprovalPending",
      'rule "ask-first"',
    ],
    [
      "refused",
      {
        cluster: wanted,
        heard: {
          ...USED,
          offer: {
            outgoing: offerOf("REFUSED", {
              rule: "no-east",
              reason: "RefusedByRule",
              message: "maintenance until Monday",
            }),
          },
        },
      },
      "False",
      "Refused",
      'refuses by rule "no-east": maintenance until Monday',
    ],
    [
      "no node yet",
      { cluster: wanted, heard: { ...USED, node: undefined } },
      "False",
      "Virtualising",
      "node west",
    ],
    [
      "node of an earlier peering",
      { cluster: wanted, heard: { ...USED, node: nodeOf("GONE") } },
      "False",
      "Virtualising",
      "node west",
    ],
    [
      "node not ready",
      { cluster: wanted, heard: { ...USED, node: nodeOf("NOT_READY", { reason: "ApiUnreachable" }) } },
      "False",
      "NodeNotReady",
      "ApiUnreachable",
    ],
    [
      "node draining",
      { cluster: wanted, heard: { ...USED, node: nodeOf("DRAINING") } },
      "False",
      "NodeDraining",
      "leaving",
    ],
    [
      "replicator silent",
      { cluster: wanted, heard: { ...USED, replication: undefined } },
      "False",
      "Connecting",
      "replicator",
    ],
    [
      "replicator cut off",
      { cluster: wanted, heard: { ...USED, replication: replicationOf("DISCONNECTED", "connect timeout") } },
      "False",
      "ReplicationDisconnected",
      "connect timeout",
    ],
    ["all there", { cluster: wanted, heard: USED }, "True", "NodeReady", "node west is ready"],
    [
      "all there, although the auth service is away",
      { cluster: wanted, heard: USED, health: down("Timeout", "no answer within 2000 ms") },
      "True",
      "NodeReady",
      "",
    ],
    [
      "provider, identity only",
      { heard: { identity: { incoming: identityOf("GRANTED") }, offer: {} } },
      "False",
      "Negotiating",
      "not answered",
    ],
    [
      "both ways, both there",
      {
        cluster: wanted,
        heard: {
          ...USED,
          identity: { ...USED.identity, incoming: identityOf("GRANTED") },
          offer: { ...USED.offer, incoming: offerOf("ACCEPTED", { resources: { cpu: "2" } }) },
        },
      },
      "True",
      "NodeReady",
      "outgoing: node west is ready; incoming: west may use cpu 2",
    ],
    [
      "both ways, the worse one",
      {
        cluster: wanted,
        heard: {
          ...USED,
          identity: { ...USED.identity, incoming: identityOf("GRANTED") },
          offer: { ...USED.offer, incoming: offerOf("REFUSED") },
        },
      },
      "False",
      "Refused",
      "outgoing: node west is ready; incoming: this cluster refuses",
    ],
    [
      "provider, offer made",
      {
        heard: {
          identity: { incoming: identityOf("GRANTED") },
          offer: { incoming: offerOf("OFFERED", { resources: { cpu: "2" } }) },
        },
      },
      "True",
      "Providing",
      "west may use cpu 2",
    ],
    [
      "provider, offer accepted",
      { heard: { identity: { incoming: identityOf("GRANTED") }, offer: { incoming: offerOf("ACCEPTED") } } },
      "True",
      "Providing",
      "",
    ],
    [
      "provider refuses",
      {
        heard: {
          identity: { incoming: identityOf("GRANTED") },
          offer: { incoming: offerOf("REFUSED", { rule: "no-east", message: "full" }) },
        },
      },
      "False",
      "Refused",
      'this cluster refuses by rule "no-east": full',
    ],
    [
      "provider revoked",
      {
        heard: {
          identity: {
            incoming: identityOf("REVOKED", { reason: "Revoked", message: "incomingPeering is No" }),
          },
          offer: {},
        },
      },
      "False",
      "Revoked",
      "incomingPeering is No",
    ],
    [
      "tenant left",
      { heard: { identity: { incoming: identityOf("GONE") }, offer: {} } },
      "False",
      "NotPeered",
      "",
    ],
    ["our own ID", { self: ID }, "False", "SelfPeering", "own"],
    ["not the first of its ID", { elder: "occident" }, "False", "DuplicateClusterID", "occident"],
    [
      "use ends",
      { heard: USED, said: saidOf({ outgoing: true }) },
      "False",
      "Unpeering",
      `virtual-kubelet (node west), auth (our identity there), until ${at(NOW + 30_000)}`,
    ],
    [
      "use should have ended",
      { heard: USED, said: saidOf({ unpeerDeadline: at(NOW - 1) }) },
      "False",
      "UnpeerOverdue",
      "should have ended",
    ],
  ];
  it.each(cases)("%s", (_name, change, status, reason, message) => {
    const ready = condition(worldOf(change), "Ready");
    expect(ready).toMatchObject({ status, reason, observedGeneration: 3, lastTransitionTime: at(NOW) });
    expect(ready?.message).toContain(message);
  });
});

describe("Reachable", () => {
  it("is Unknown until the first certain answer", () => {
    expect(condition(worldOf(), "Reachable")).toMatchObject({ status: "Unknown", reason: "Probing" });
  });
  it("names address, error and next try", () => {
    const c = condition(worldOf({ health: down("Timeout", "no answer within 2000 ms") }), "Reachable");
    expect(c).toMatchObject({
      status: "False",
      reason: "Unreachable",
      message: "192.0.2.1:443: no answer within 2000 ms; next try within 5.5 s",
    });
  });
  it("tells that another cluster answers", () => {
    const c = condition(worldOf({ health: down("ClusterIDChanged", "cluster x answers") }), "Reachable");
    expect(c).toMatchObject({ status: "False", reason: "ClusterIDChanged" });
  });
  it("keeps what was known before a restart, in the fact too", () => {
    const first = decide(worldOf({ health: up }));
    const restarted = decide({ ...after(worldOf({ health: up }), first), health: undefined });
    expect(restarted.status).toBeUndefined();
    expect(restarted.fact?.reachable).toBe(true);
  });
});

describe("the fact", () => {
  it("says what is wanted without waiting for a probe", () => {
    const { fact, finalizer } = decide(
      worldOf({ cluster: clusterOf({ outgoingPeering: "Yes", tokenSecretRef: { name: "token" } }) }),
    );
    expect(finalizer).toBe("keep");
    expect(fact).toEqual(saidOf({ outgoing: true, tokenSecret: "token" }));
  });
  it.each([
    [undefined, undefined, false, true],
    ["Auto", "Auto", false, true],
    ["Yes", "No", true, false],
    ["No", "Yes", false, true],
  ] as const)("outgoing %s, incoming %s", (outgoingPeering, incomingPeering, outgoing, incoming) => {
    const cluster = clusterOf({
      ...(outgoingPeering ? { outgoingPeering } : {}),
      ...(incomingPeering ? { incomingPeering } : {}),
    });
    expect(decide(worldOf({ cluster })).fact).toMatchObject({ outgoing, incoming });
  });
  it("allows nothing once the ForeignCluster is deleted", () => {
    const cluster = clusterOf({ outgoingPeering: "Yes", incomingPeering: "Yes" }, deletedAt(NOW));
    expect(decide(worldOf({ cluster, heard: USED })).fact).toMatchObject({
      outgoing: false,
      incoming: false,
      phase: "PRESENT",
    });
  });
  it("is not said of a ForeignCluster that does not count", () => {
    expect(decide(worldOf({ elder: "occident" })).fact).toBeUndefined();
    expect(decide(worldOf({ self: ID })).fact).toBeUndefined();
  });
});

describe("the deadline of unpeering", () => {
  const ending = { heard: USED, said: saidOf({ outgoing: true }) };
  it("is the moment at which the use ended, and the timeout", () => {
    expect(
      decide(worldOf({ ...ending, cluster: clusterOf({ unpeerTimeoutSeconds: 5 }) })).fact?.unpeerDeadline,
    ).toBe(at(NOW + 5000));
  });
  it("stays as it was said", () => {
    const w = worldOf(ending);
    expect(decide(after(w, decide(w), NOW + 7000)).fact?.unpeerDeadline).toBe(at(NOW + 30_000));
  });
  it("comes nearer with a shorter timeout", () => {
    const w = worldOf(ending);
    const hurried = { ...after(w, decide(w), NOW + 1000), cluster: clusterOf({ unpeerTimeoutSeconds: 2 }) };
    expect(decide(hurried).fact?.unpeerDeadline).toBe(at(NOW + 3000));
  });
  it("gives a deletion its whole time, from the deletion on, also after a restart without a bus", () => {
    const cluster = clusterOf({}, deletedAt(NOW - 4000));
    expect(decide(worldOf({ cluster, heard: USED })).fact?.unpeerDeadline).toBe(at(NOW + 26_000));
    expect(
      decide(worldOf({ cluster, heard: USED, said: saidOf({ unpeerDeadline: at(NOW - 20_000) }) })).fact
        ?.unpeerDeadline,
    ).toBe(at(NOW + 26_000));
  });
  it("is none when nothing is left", () => {
    expect(decide(worldOf({ said: saidOf({ unpeerDeadline: at(NOW + 1000) }) })).fact?.unpeerDeadline).toBe(
      "",
    );
  });
  it("wakes us when it passes", () => {
    expect(decide(worldOf(ending)).recheckMs).toBe(30_000);
  });
});

describe("a deleted ForeignCluster", () => {
  const deleted = clusterOf({}, deletedAt(NOW));
  it.each([
    ["our identity", { identity: { outgoing: identityOf("DENIED") }, offer: {} }],
    ["the node", { identity: {}, offer: {}, node: nodeOf("DRAINING") }],
    ["the peer's identity", { identity: { incoming: identityOf("REVOKED") }, offer: {} }],
  ])("stays while %s is left", (_name, heard) => {
    expect(decide(worldOf({ cluster: deleted, heard }))).toMatchObject({
      finalizer: "keep",
      fact: { phase: "PRESENT" },
      recheckMs: 30_000,
    });
  });
  it("goes with a last fact that still names the address when nothing is left", () => {
    const heard = {
      identity: { outgoing: identityOf("GONE"), incoming: identityOf("GONE") },
      offer: {},
      node: nodeOf("GONE"),
    };
    const plan = decide(worldOf({ cluster: deleted, heard }));
    expect(plan).toMatchObject({
      finalizer: "drop",
      overdue: false,
      notices: [],
      fact: {
        phase: "GONE",
        outgoing: false,
        incoming: false,
        authEndpoint: "192.0.2.1:443",
        pins: ["sha256/pin"],
      },
    });
  });
  it("stays through the grace after the deadline, then goes with a warning that names who is late", () => {
    const late = worldOf({ cluster: deleted, heard: USED, now: NOW + 30_000 + 9_999 });
    expect(decide(late)).toMatchObject({ finalizer: "keep", recheckMs: 1 });
    const over = decide({ ...late, now: NOW + 40_000 });
    expect(over).toMatchObject({ finalizer: "drop", overdue: true, fact: { phase: "GONE" } });
    expect(over.notices).toMatchObject([{ type: "Warning", reason: "UnpeerIncomplete" }]);
    expect(over.notices[0]?.message).toContain("virtual-kubelet (node west)");
  });
});

describe("news", () => {
  const from = (before: Partial<World>): World => {
    const w = worldOf(before);
    return after(w, decide(w));
  };
  it.each<[string, Partial<World>, Partial<World>, string[]]>([
    ["a peer that answers as expected is none", {}, { health: up }, []],
    [
      "a peer that stops to answer",
      { health: up },
      { health: down("Unreachable", "refused") },
      ["Warning Unreachable"],
    ],
    [
      "a peer that answers again",
      { health: down("Unreachable", "refused") },
      { health: up },
      ["Normal Answers"],
    ],
    ["a step on the way is none", { cluster: wanted }, { heard: { ...USED, offer: {} } }, []],
    ["a peering that is complete", { cluster: wanted }, { heard: USED }, ["Normal NodeReady"]],
    [
      "a node that fails",
      { cluster: wanted, heard: USED },
      { heard: { ...USED, node: nodeOf("NOT_READY") } },
      ["Warning NodeNotReady"],
    ],
    [
      "a refusal",
      { cluster: wanted, heard: { ...USED, offer: {} } },
      { heard: { ...USED, offer: { outgoing: offerOf("REFUSED") } } },
      ["Warning Refused"],
    ],
    [
      "a refusal in other words is none",
      { cluster: wanted, heard: { ...USED, offer: { outgoing: offerOf("REFUSED") } } },
      { heard: { ...USED, offer: { outgoing: offerOf("REFUSED", { message: "no" }) } } },
      [],
    ],
    [
      "an unpeering that begins",
      { cluster: wanted, heard: USED },
      { cluster: clusterOf() },
      ["Normal Unpeering"],
    ],
  ])("%s", (_name, before, change, news) => {
    const w = from(before);
    const cluster = change.cluster
      ? { ...change.cluster, ...(w.cluster.status ? { status: w.cluster.status } : {}) }
      : w.cluster;
    expect(decide({ ...w, ...change, cluster }).notices.map((n) => `${n.type} ${n.reason}`)).toEqual(news);
  });
});

describe("what a peer that answers says of itself", () => {
  const answering = (more: Partial<typeof ANSWER>): World =>
    worldOf({ health: { ...up, last: { ...ANSWER, ...more } } });

  it.each<[string, Partial<typeof ANSWER>, string, RegExp]>([
    ["its version", {}, "Answers", /protocol 0\.2$/],
    ["a clock that is a little off", { skewMs: 37_000 }, "Answers", /; its clock is 37 s ahead$/],
    ["a clock as far off as is tolerated", { skewMs: -300_000 }, "Answers", /; its clock is 300 s behind$/],
    [
      "a clock that is too far off",
      { skewMs: 301_000 },
      "ClockSkewed",
      /; its clock is 301 s ahead, more than the 5 minutes that are tolerated: set the clocks/,
    ],
  ])("stands in Reachable: %s", (_name, more, reason, message) => {
    const w = answering(more);
    expect(condition(w, "Reachable")).toMatchObject({ status: "True", reason });
    expect(condition(w, "Reachable")?.message).toMatch(message);
  });

  it("goes to the other services, and stays while the peer does not answer", () => {
    const spoken = { protocolVersion: "0.2", capabilities: ["x"] };
    const w = answering({ capabilities: ["x"] });
    expect(decide(w).fact).toMatchObject(spoken);
    const later = { ...after(w, decide(w)), health: down("Timeout", "no answer within 2000 ms") };
    expect(decide(later).fact).toMatchObject(spoken);
  });

  it("warns once when the clock is too far off", () => {
    const w = answering({ skewMs: 301_000 });
    expect(decide(w).notices).toContainEqual(
      expect.objectContaining({ type: "Warning", reason: "ClockSkewed" }),
    );
    expect(decide(after(w, decide(w))).notices).toEqual([]);
  });
});

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Condition,
  foreignClusters,
  identities,
  invitations,
  make,
  namespaceOffloadings,
  SYSTEM_NAMESPACE,
  NETWORK_NAMESPACE,
  peerNamespace,
  sharingPolicies,
  tenants,
  tunnelEndpoints,
} from "@tideway/api";
import { createKube, type Kube, loadCredentials, namespaces, pods, secrets } from "@tideway/k8s";
import { decodeInvitation, encodeInvitation, hashToken, newToken } from "@tideway/pki";
import { type ApiServer, startApiServer, until as waitUntil } from "@tideway/sandbox";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EXIT } from "../src/exit.ts";
import { type Ran, tideway as inProcess } from "./io.ts";

// A real API server; where a service has to answer, the test writes into the status what that service would.

const CRDS = join(import.meta.dirname, "../../deploy/base/crds");
const PIN = `sha256/${Buffer.alloc(32, 7).toString("base64")}`;
const WEST = {
  id: "11111111-2222-3333-4444-555555555555",
  name: "west",
  endpoint: "west.example.org:443",
  pin: PIN,
};

let server: ApiServer;
let kube: Kube;
const tideway = (...argv: string[]): Promise<Ran> => inProcess(["--kubeconfig", server.kubeconfig, ...argv]);
const until = <T>(ask: () => Promise<T | undefined>): Promise<T> =>
  waitUntil(ask, { what: "what the command asks for", everyMs: 25 });
const condition = (type: string, status: Condition["status"] = "True", reason = "Fine"): Condition => ({
  type,
  status,
  reason,
  message: `${type} is ${status}`,
  lastTransitionTime: "2026-01-31T12:00:00Z",
});
const say = (name: string, fieldManager: string, c: Condition) =>
  kube.apply(
    foreignClusters,
    { metadata: { name }, status: { conditions: [c] } },
    { fieldManager, subresource: "status" },
  );
const invitation = (more: object = {}): string => encodeInvitation({ ...WEST, token: newToken(), ...more });
const tokens = async () =>
  (await kube.list(secrets, { namespace: SYSTEM_NAMESPACE })).map((s) => s.metadata.name);

beforeAll(async () => {
  server = await startApiServer({ name: "cli" });
  kube = createKube(loadCredentials({}, { kubeconfig: server.kubeconfig }), { userAgent: "cli-test" });
});
afterAll(async () => {
  await kube?.close();
  await server?.stop();
});

describe("a cluster without Tideway", () => {
  test("is told apart from one that does not answer", async () => {
    const ran = await tideway("status");
    expect(ran.code).toBe(EXIT.failed);
    expect(ran.err).toContain("Tideway is not installed in this cluster");
  });
});

describe("a cluster with Tideway", () => {
  beforeAll(async () => {
    await server.applyCrds(CRDS);
    await kube.create(namespaces, { metadata: { name: SYSTEM_NAMESPACE } });
  });
  beforeEach(async () => {
    for (const { metadata } of await kube.list(foreignClusters)) {
      await kube.patch(foreignClusters, metadata.name, undefined, { metadata: { finalizers: null } });
      await kube.delete(foreignClusters, metadata.name);
    }
    for (const name of await tokens()) await kube.delete(secrets, name, SYSTEM_NAMESPACE);
    for (const { metadata } of await kube.list(tenants)) await kube.delete(tenants, metadata.name);
  });

  test("status names the cluster and says how to begin when there are no peers", async () => {
    const ran = await tideway("status");
    expect(ran.code).toBe(EXIT.ok);
    expect(ran.out).toContain("no peers; to use another cluster");
    expect(JSON.parse((await tideway("status", "-o", "json")).out)).toMatchObject({
      peers: [],
      problems: [],
    });
  });

  describe("discover", () => {
    const found = JSON.stringify([
      { way: "DNS", domain: "lab.example", until: "2099-01-01T00:00:00Z", endpoint: WEST.endpoint, pin: PIN },
    ]);
    const make = (name: string, annotations: Record<string, string>) =>
      kube.create(foreignClusters, {
        metadata: { name, annotations },
        spec: { clusterID: name, clusterName: name, authEndpoint: WEST.endpoint, pins: [PIN] },
      });

    test("lists what was found, with the verdict and its reason, and nothing that a person made", async () => {
      await make("by-hand", {});
      await make("by-dns", { "discovery.tideway.dev/found": found });
      await say("by-dns", "discovery", condition("Discovered", "True", "AsksPerson"));
      const ran = await tideway("discover", "-o", "json");
      expect(JSON.parse(ran.out).clusters).toMatchObject([
        {
          name: "by-dns",
          found: [{ domain: "lab.example" }],
          verdict: "ask",
          reason: "Discovered is True",
          peered: false,
        },
      ]);
      expect((await tideway("discover")).out).toContain("DNS lab.example");
      for (const name of ["by-hand", "by-dns"]) await kube.delete(foreignClusters, name);
    });
  });

  describe("policy", () => {
    const file = (name: string, body: object): string => {
      const path = join(mkdtempSync(join(tmpdir(), "tideway-policy-")), name);
      writeFileSync(path, JSON.stringify(body));
      return path;
    };
    const known = (): Promise<unknown> =>
      kube.create(foreignClusters, {
        metadata: { name: "west", labels: { tier: "gold" } },
        spec: { clusterID: WEST.id, clusterName: "west", authEndpoint: WEST.endpoint, pins: [PIN] },
      });
    const policy = (spec: object): object => ({
      ...make(sharingPolicies, { metadata: { name: "default" }, spec }),
    });

    test("test tries a policy that is not there yet, on an imagined request of a peer", async () => {
      await known();
      const rules = [{ name: "gold", when: "peer.labels.tier == 'gold'", action: "refuse", reason: "full" }];
      const ran = await tideway(
        "policy",
        "test",
        "--peer",
        "west",
        "--policy",
        file("p.json", policy({ rules })),
      );
      expect(ran.out).toMatch(/\*\s+gold\s+refuse\s+matches/);
      expect(ran.out).toContain('refuse by gold (RefusedByRule): rule "gold" refuses: full');
      expect(ran.code).toBe(EXIT.ok);
    });
    test("test fails on a policy with a mistake, and names it", async () => {
      const rules = [{ name: "typo", when: "peer.nam == 'x'", action: "accept" }];
      const ran = await tideway(
        "policy",
        "test",
        "--policy",
        file("p.json", policy({ rules })),
        "-o",
        "json",
      );
      expect(ran.code).toBe(EXIT.failed);
      expect(JSON.parse(ran.out)).toMatchObject({ problems: [{ field: "spec.rules[0].when" }] });
    });
    test("withdraw names the peer in the policy, keeps what others wrote there, and is undone", async () => {
      await known();
      const other = { peer: "north", reason: "old" };
      await kube.create(sharingPolicies, policy({ withdrawals: [other] }) as never);
      const withdrawals = async () => (await kube.get(sharingPolicies, "default")).spec.withdrawals;
      const ran = await tideway("withdraw", "west", "--deadline", "10m", "--reason", "maintenance");
      expect(ran.code).toBe(EXIT.ok);
      const entry = { peer: "west", deadline: "10m", cordonFor: "30s", reason: "maintenance" };
      expect(await withdrawals()).toEqual([other, entry]);
      await tideway("withdraw", "west", "--undo");
      expect(await withdrawals()).toEqual([other]);
      await kube.delete(sharingPolicies, "default");
    });
    test("withdraw refuses a peer nobody knows", async () => {
      const ran = await tideway("withdraw", "nobody");
      expect(ran.code).toBe(EXIT.failed);
      expect(ran.err).toContain('there is no peer "nobody" here');
    });
  });

  describe("invite", () => {
    const pending = (): Promise<string> =>
      until(async () => (await kube.list(invitations)).find((i) => !i.status)?.metadata.name);
    const complete = async (): Promise<void> => {
      const status = {
        clusterID: WEST.id,
        clusterName: "west",
        authEndpoint: WEST.endpoint,
        pin: PIN,
        conditions: [condition("Ready")],
      };
      await kube.patch(invitations, await pending(), SYSTEM_NAMESPACE, { status }, { subresource: "status" });
    };

    test("prints nothing but an invitation whose token only its hash is kept of", async () => {
      const [ran] = await Promise.all([tideway("invite", "--ttl", "5m", "--note", "for east"), complete()]);
      expect(ran.err).toContain("valid for 5m");
      expect(ran.code).toBe(EXIT.ok);
      const given = decodeInvitation(ran.out);
      expect(given).toMatchObject(WEST);
      const kept = (await kube.list(invitations)).find((i) => i.spec.tokenHash === hashToken(given.token));
      expect(kept?.spec).toMatchObject({ note: "for east", expiresAt: given.exp });
      expect(JSON.stringify(kept)).not.toContain(given.token);
      expect(Date.parse(given.exp ?? "") - Date.now()).toBeGreaterThan(4 * 60_000);
    });

    test("a standing one has no end; -o json gives the parts", async () => {
      const [ran] = await Promise.all([tideway("invite", "--standing", "-o", "json"), complete()]);
      const { invitation, token, name, standing } = JSON.parse(ran.out);
      expect(standing).toBe(true);
      expect(token).toBe(decodeInvitation(invitation).token);
      expect(decodeInvitation(invitation).exp).toBeUndefined();
      expect((await kube.get(invitations, name, SYSTEM_NAMESPACE)).spec.standing).toBe(true);
    });

    test("of a standing one the token is rotated: the new one as it was, the old one gone; lists show no token", async () => {
      const [first] = await Promise.all([
        tideway("invite", "--standing", "--note", "lab", "-o", "json"),
        complete(),
      ]);
      const old = JSON.parse(first.out);
      const [second] = await Promise.all([tideway("invite", "--rotate", old.name, "-o", "json"), complete()]);
      const { name, token } = JSON.parse(second.out);
      expect(await kube.find(invitations, old.name, SYSTEM_NAMESPACE)).toBeUndefined();
      const { spec } = await kube.get(invitations, name, SYSTEM_NAMESPACE);
      expect(spec).toEqual({
        tokenHash: hashToken(token),
        standing: true,
        bidirectional: false,
        note: "lab",
      });
      expect(spec.tokenHash).not.toBe(hashToken(old.token));

      const list = await tideway("invite", "--list");
      expect(list.out).toMatch(new RegExp(`${name} +any +Fine +never +- +lab`));
      expect(list.out).not.toContain(hashToken(token));
      expect((await tideway("invite", "--revoke", name)).out).toContain("is void");
      expect(await kube.find(invitations, name, SYSTEM_NAMESPACE)).toBeUndefined();
      const again = await tideway("invite", "--revoke", name);
      expect(again.code).toBe(EXIT.failed);
      expect(again.err).toContain("tideway invite --list");
    });

    test("is taken back, with exit code 3, when the auth service does not answer", async () => {
      const before = (await kube.list(invitations)).length;
      const ran = await tideway("invite", "--timeout", "3s");
      expect(ran.code).toBe(EXIT.timedOut);
      expect(ran.err).toContain("waiting for the auth service");
      expect(ran.err).toContain("logs deploy/auth");
      expect(await kube.list(invitations)).toHaveLength(before);
    });
  });

  describe("revoke", () => {
    const tenant = () =>
      kube.create(tenants, { metadata: { name: "east" }, spec: { clusterID: WEST.id, clusterName: "east" } });
    const revokedOf = async () => (await kube.get(tenants, "east")).spec.revoked;

    test("marks the Tenant, with reason and what becomes of the pods; --undo takes the mark back", async () => {
      await tenant();
      const ran = await tideway("revoke", "east", "--reason", "unpaid", "--pods", "keep");
      expect(ran.code).toBe(EXIT.ok);
      expect(ran.out).toContain("east is cut off");
      expect(await revokedOf()).toEqual({ reason: "unpaid", pods: "Keep" });
      await tideway("revoke", WEST.id, "--undo");
      expect(await revokedOf()).toBeUndefined();
      await tideway("revoke", "east");
      expect(await revokedOf()).toEqual({ pods: "Evict" });
    });

    test("waits, with --wait, until auth says that it is so", async () => {
      await tenant();
      const said = until(async () => ((await revokedOf()) ? true : undefined)).then(() =>
        kube.patch(
          tenants,
          "east",
          undefined,
          { status: { conditions: [condition("Ready", "False", "Revoked")] } },
          { subresource: "status" },
        ),
      );
      const [ran] = await Promise.all([tideway("revoke", "east", "--wait"), said]);
      expect(ran.out).toMatch(/east is cut off after /);
    });

    test("keeps a peer that was no tenant from coming in", async () => {
      await kube.create(foreignClusters, {
        metadata: { name: "west" },
        spec: { clusterID: WEST.id, clusterName: "west", authEndpoint: WEST.endpoint, pins: [PIN] },
      });
      await tideway("revoke", "west");
      expect((await kube.get(foreignClusters, "west")).spec.incomingPeering).toBe("No");
      await tideway("revoke", "west", "--undo");
      expect((await kube.get(foreignClusters, "west")).spec.incomingPeering).toBe("Auto");
    });

    test.each([
      ["nobody of that name", ["revoke", "nobody"], EXIT.failed, 'there is no peer "nobody" here'],
      ["another policy", ["revoke", "x", "--pods", "burn"], EXIT.usage, "evict or keep"],
      ["a reason to undo", ["revoke", "x", "--undo", "--reason", "y"], EXIT.usage, "--undo"],
    ])("refuses %s", async (_what, argv, code, text) => {
      const ran = await tideway(...argv);
      expect(ran.code).toBe(code);
      expect(ran.err).toContain(text);
    });
  });

  describe("peer", () => {
    test("stores the token, asks for the peering, and lets the token go with the peer", async () => {
      const text = invitation();
      const ran = await tideway("peer", text);
      expect(ran.err).toBe("");
      expect(ran.out).toContain("west: peering asked for");
      const fc = await kube.get(foreignClusters, "west");
      expect(fc.spec).toMatchObject({
        clusterID: WEST.id,
        authEndpoint: WEST.endpoint,
        pins: [PIN],
        outgoingPeering: "Yes",
      });
      const secret = await kube.get(secrets, fc.spec.tokenSecretRef?.name ?? "", SYSTEM_NAMESPACE);
      expect(Buffer.from(secret.data?.token ?? "", "base64").toString()).toBe(decodeInvitation(text).token);
      expect(secret.metadata.ownerReferences?.[0]?.uid).toBe(fc.metadata.uid);
    });

    test("reads the invitation from standard input", async () => {
      const argv = ["--kubeconfig", server.kubeconfig, "peer", "-", "--name", "occident"];
      const ran = await inProcess(argv, { stdin: () => Promise.resolve(`${invitation()}\n`) });
      expect(ran.code).toBe(EXIT.ok);
      expect((await kube.get(foreignClusters, "occident")).spec.clusterName).toBe("west");
    });

    test("takes over the ForeignCluster that the peer's own peering has made", async () => {
      const spec = { clusterID: WEST.id, clusterName: "west", authEndpoint: "old:1", pins: [] };
      const { metadata } = await kube.create(
        foreignClusters,
        make(foreignClusters, { metadata: { name: "wilder-westen" }, spec }),
      );
      await tideway("peer", invitation());
      const fc = await kube.get(foreignClusters, "wilder-westen");
      expect(fc.metadata.uid).toBe(metadata.uid);
      expect(fc.spec).toMatchObject({ outgoingPeering: "Yes", authEndpoint: WEST.endpoint });
      expect(await kube.list(foreignClusters)).toHaveLength(1);
    });

    test("a second invitation replaces the token of the first", async () => {
      await tideway("peer", invitation());
      const first = await tokens();
      await tideway("peer", invitation());
      expect(await tokens()).toHaveLength(1);
      expect(await tokens()).not.toEqual(first);
    });

    test("--wait shows each step as its service reports it", async () => {
      const running = tideway("peer", invitation(), "--wait");
      await until(() => kube.find(foreignClusters, "west"));
      for (const [type, manager] of [
        ["Reachable", "discovery"],
        ["Authenticated", "auth"],
        ["Negotiated", "negotiator"],
        ["Virtualised", "virtual-kubelet"],
      ] as const)
        await say("west", manager, condition(type));
      const ran = await running;
      expect(ran.code).toBe(EXIT.ok);
      expect(ran.err.split("\n").map((l) => l.split(/\s\s+/)[0])).toEqual([
        "✓ discovered",
        "✓ authenticated",
        "✓ negotiated",
        "✓ node ready",
      ]);
      expect(ran.out).toMatch(/^west is ready as node west after \d+ ms/);
    });

    test("--wait waits for the network too where there is one", async () => {
      const running = tideway("peer", invitation(), "--wait");
      await until(() => kube.find(foreignClusters, "west"));
      await say("west", "network-manager", condition("Connected", "Unknown", "Exchanging"));
      for (const [type, manager] of [
        ["Reachable", "discovery"],
        ["Authenticated", "auth"],
        ["Negotiated", "negotiator"],
        ["Virtualised", "virtual-kubelet"],
        ["Connected", "network-manager"],
      ] as const)
        await say("west", manager, condition(type));
      const ran = await running;
      expect(ran.code).toBe(EXIT.ok);
      expect(ran.err.trimEnd().split("\n").at(-1)).toMatch(/^✓ connected/);
    });

    test("--wait says of a network that is refused that the peer is not connected", async () => {
      const running = tideway("peer", invitation(), "--wait");
      await until(() => kube.find(foreignClusters, "west"));
      await say("west", "network-manager", condition("Connected", "False", "SpecialNetwork"));
      for (const [type, manager] of [
        ["Reachable", "discovery"],
        ["Authenticated", "auth"],
        ["Negotiated", "negotiator"],
        ["Virtualised", "virtual-kubelet"],
      ] as const)
        await say("west", manager, condition(type));
      const ran = await running;
      expect(ran.code).toBe(EXIT.failed);
      expect(ran.err).toContain("west cannot be connected: SpecialNetwork: Connected is False");
    });

    test("--wait stops at once, with what to do, when only a person can help", async () => {
      const running = tideway("peer", invitation(), "--wait");
      await until(() => kube.find(foreignClusters, "west"));
      await say("west", "auth", condition("Authenticated", "False", "TokenUsed"));
      await say("west", "discovery", condition("Reachable"));
      const ran = await running;
      expect(ran.code).toBe(EXIT.failed);
      expect(ran.err).toContain(
        "west cannot be peered: TokenUsed: Authenticated is False\n  ask the peer's owner for a new invitation",
      );
    });

    test("--wait that runs out ends with 3, says what it waits for, and keeps what was asked", async () => {
      const running = tideway("peer", invitation(), "--wait", "--timeout", "5s");
      await until(() => kube.find(foreignClusters, "west"));
      await say("west", "discovery", condition("Reachable", "False", "NoAnswer"));
      const ran = await running;
      expect(ran.code).toBe(EXIT.timedOut);
      expect(ran.err).toContain("waiting for west to be discovered (NoAnswer: Reachable is False)");
      expect((await kube.get(foreignClusters, "west")).spec.outgoingPeering).toBe("Yes");
    });
  });

  describe("unpeer", () => {
    const FINALIZER = "discovery.tideway.dev/peer";
    const hold = (finalizers: string[] | null) =>
      kube.patch(foreignClusters, "west", undefined, { metadata: { finalizers } });

    test("follows the services down and takes the ForeignCluster and the token away", async () => {
      await tideway("peer", invitation());
      await hold([FINALIZER]);
      await say("west", "virtual-kubelet", condition("Virtualised"));
      const running = tideway("unpeer", "west", "--wait");
      await until(async () => (await kube.get(foreignClusters, "west")).metadata.deletionTimestamp);
      expect((await kube.get(foreignClusters, "west")).spec.outgoingPeering).toBe("No");
      await say("west", "virtual-kubelet", condition("Virtualised", "False", "Drained"));
      await hold(null);
      const ran = await running;
      expect(ran.err).toContain("✓ node drained and removed");
      expect(ran.out).toMatch(/^west is unpeered after/);
      expect(ran.code).toBe(EXIT.ok);
      expect(await kube.find(foreignClusters, "west")).toBeUndefined();
      expect(await tokens()).toEqual([]);
    });

    test("ends only our half while the peer uses this cluster", async () => {
      await tideway("peer", invitation());
      await kube.create(
        tenants,
        make(tenants, { metadata: { name: "west" }, spec: { clusterID: WEST.id, clusterName: "west" } }),
      );
      const home = peerNamespace("west");
      await kube.create(namespaces, { metadata: { name: home } });
      await kube.create(
        identities,
        make(identities, { metadata: { name: "outgoing", namespace: home }, spec: { clusterID: WEST.id } }),
      );
      const running = tideway("unpeer", "west", "--wait", "-o", "json");
      await until(async () =>
        (await kube.get(foreignClusters, "west")).spec.outgoingPeering === "No" ? true : undefined,
      );
      await kube.delete(identities, "outgoing", home);
      const ran = await running;
      expect(JSON.parse(ran.out)).toMatchObject({ peer: "west", unpeered: true, stillConsumesUs: true });
      expect((await kube.get(foreignClusters, "west")).spec).not.toHaveProperty("tokenSecretRef");
      expect(await tokens()).toEqual([]);
    });

    test("ends all of it while the peer is about to leave anyway", async () => {
      await tideway("peer", invitation());
      const tenant = { metadata: { name: "west", finalizers: ["example.org/leaving"] } };
      await kube.create(
        tenants,
        make(tenants, { ...tenant, spec: { clusterID: WEST.id, clusterName: "west" } }),
      );
      await kube.delete(tenants, "west");
      const ran = await tideway("unpeer", "west", "--wait");
      expect(ran.code).toBe(EXIT.ok);
      expect(await kube.find(foreignClusters, "west")).toBeUndefined();
      await kube.patch(tenants, "west", undefined, { metadata: { finalizers: null } });
    });

    test("that runs out ends with 3, naming who holds it", async () => {
      await tideway("peer", invitation());
      await hold([FINALIZER]);
      const ran = await tideway("unpeer", "west", "--wait", "--timeout", "3s");
      expect(ran.code).toBe(EXIT.timedOut);
      expect(ran.err).toContain(FINALIZER);
    });

    test("of nobody known names those that are", async () => {
      await tideway("peer", invitation());
      const ran = await tideway("unpeer", "north");
      expect(ran.err).toContain('there is no peer "north" here\n  peers here: west');
      expect(ran.code).toBe(EXIT.failed);
    });
  });

  describe("offload and unoffload", () => {
    beforeAll(() => kube.create(namespaces, { metadata: { name: "demo" } }));
    const nso = () => kube.find(namespaceOffloadings, "offloading", "demo");

    test("write what was asked, and wait until it is so", async () => {
      const running = tideway(
        "offload",
        "namespace",
        "demo",
        "--pod-offloading-strategy",
        "Remote",
        "--selector",
        "region=eu",
        "--wait",
      );
      const asked = await until(nso);
      expect(asked.spec).toEqual({
        podOffloadingStrategy: "Remote",
        clusterSelector: [{ matchExpressions: [{ key: "region", operator: "In", values: ["eu"] }] }],
      });
      const remoteNamespaces = [{ peer: "west", namespace: "tideway-east--demo", ready: true }];
      await kube.patch(
        namespaceOffloadings,
        "offloading",
        "demo",
        { status: { conditions: [condition("Ready")], remoteNamespaces } },
        { subresource: "status" },
      );
      const ran = await running;
      expect(ran.out).toContain("demo is offloaded after");
      expect(ran.out).toContain("west: tideway-east--demo");
      expect((await tideway("status")).out).toMatch(/demo +Remote +True +west: tideway-east--demo/);
      expect((await tideway("__complete", "--", "unoffload", "namespace", "")).out).toBe("demo");
      expect((await tideway("unoffload", "namespace", "demo", "--wait")).out).toContain(
        "demo is at home again",
      );
      expect(await nso()).toBeUndefined();
    });

    test("say so when there is nothing to act on", async () => {
      expect((await tideway("offload", "namespace", "none")).err).toContain("kubectl create namespace none");
      expect((await tideway("unoffload", "namespace", "demo")).err).toContain("is not offloaded");
    });
  });

  test("status counts what is reserved of what is offered, and explains what is wrong", async () => {
    await tideway("peer", invitation());
    await say("west", "negotiator", condition("Negotiated", "False", "Refused"));
    const spec = {
      nodeName: "west",
      containers: [{ name: "c", image: "i", resources: { requests: { cpu: "500m", memory: "1Gi" } } }],
    };
    await kube.create(pods, { metadata: { name: "p", namespace: "default" }, spec });
    const table = await tideway("status");
    expect(table.out).toMatch(/west .*0\.5\/- +1Gi\/- +1\/-/);
    expect(table.out).toContain("west: Negotiated: Refused: Negotiated is False");
    const one = JSON.parse((await tideway("status", "west", "-o", "json")).out);
    expect(one).toMatchObject({ name: "west", borrowed: { used: { cpu: "0.5", memory: "1Gi" }, pods: 1 } });
    expect((await tideway("status", "west")).out).toContain("CONDITION");
  });

  test("status says whether a peer's network is there, and what to do when it is not", async () => {
    await tideway("peer", invitation());
    await say("west", "discovery", condition("Ready"));
    expect((await tideway("status")).out).toMatch(/west +Ready +- +Yes/);
    await say("west", "network-manager", condition("Connected", "Unknown", "Exchanging"));
    expect((await tideway("status")).out).toMatch(/west +Ready +Connecting +Yes/);
    await say("west", "network-manager", condition("Connected", "False", "NoAnswer"));
    const table = (await tideway("status")).out;
    expect(table).toMatch(/west +Ready +Disconnected +Yes/);
    expect(table).toContain("west: Connected: NoAnswer: Connected is False");
    const one = (await tideway("status", "west")).out;
    expect(one).toMatch(/network +Disconnected: NoAnswer: Connected is False/);
    expect(one).toContain("next: pods there go on running; see whether the peer's gateway runs");
    await say("west", "network-manager", condition("Connected"));
    expect((await tideway("status")).out).toMatch(/west +Ready +Connected +Yes/);
  });

  describe("network", () => {
    const networks = { podCIDR: "10.200.0.0/16", externalCIDR: "10.64.0.0/16" };
    const home = NETWORK_NAMESPACE;
    const tunnel = (remote: object) =>
      make(tunnelEndpoints, {
        metadata: { name: "tunnel-west", namespace: home },
        spec: {
          clusterID: WEST.id,
          local: { ...networks, seenPodCIDR: "10.71.0.0/16", seenExternalCIDR: "10.72.0.0/16" },
          remote: { ...networks, ...remote },
          listenPort: 51820,
          mtu: 1420,
          secretName: "tunnel-west",
        },
      });
    beforeEach(async () => {
      await tideway("peer", invitation());
      if (!(await kube.find(namespaces, home))) await kube.create(namespaces, { metadata: { name: home } });
      await kube.delete(tunnelEndpoints, "tunnel-west", home);
    });

    test("status shows a tunnel, its translation, and that its gateway's metrics are not to be had", async () => {
      await kube.create(tunnelEndpoints, tunnel({ seenPodCIDR: "10.65.0.0/16" }));
      const status = { conditions: [condition("Ready")], gateway: "gateway-x", node: "east-0" };
      await kube.patch(tunnelEndpoints, "tunnel-west", home, { status }, { subresource: "status" });
      const { tunnels, problems } = JSON.parse((await tideway("network", "status", "-o", "json")).out);
      expect(tunnels).toMatchObject([
        {
          peer: "west",
          ready: "True",
          gateway: "gateway-x",
          translation: { theirPods: { cidr: "10.200.0.0/16", seenAt: "10.65.0.0/16" } },
        },
      ]);
      expect(problems).toEqual([expect.stringContaining("metrics of gateway-x")]);
      expect((await tideway("network", "status", "west")).out).toMatch(
        /their pods +10.200.0.0\/16 +we +10.65/,
      );
    });

    test("status says of a peering that it has no tunnel yet", async () =>
      expect((await tideway("network", "status")).out).toContain("tunnel to west: there is none yet"));

    test("test and bench make nothing before both sides have agreed on their networks", async () => {
      expect((await tideway("network", "test")).err).toContain("there is no tunnel to west yet");
      await kube.create(tunnelEndpoints, tunnel({}));
      const before = (await kube.list(namespaces)).length;
      for (const command of ["test", "bench"]) {
        const ran = await tideway("network", command, "west", "--image", "any");
        expect(ran.code).toBe(EXIT.failed);
        expect(ran.err).toContain("are not agreed on yet");
      }
      expect(await kube.list(namespaces)).toHaveLength(before);
    });

    test("test takes its namespaces away when time runs out", async () => {
      await kube.create(tunnelEndpoints, tunnel({ seenPodCIDR: "10.65.0.0/16" }));
      const ran = await tideway("network", "test", "--image", "any", "--timeout", "5s");
      expect(ran.code).toBe(EXIT.timedOut);
      expect(ran.err).toContain("waiting for the test's pods to be ready");
      const left = (await kube.list(namespaces, { labelSelector: "network-test" })).filter(
        (n) => !n.metadata.deletionTimestamp,
      );
      expect(left).toEqual([]);
    });
  });

  test("version tells what the API server is", async () => {
    const { client, kubernetes } = JSON.parse((await tideway("version", "-o", "json")).out);
    expect(client).toMatch(/^\d/);
    expect(kubernetes).toMatch(/^v1\./);
  });
});

const dir = mkdtempSync(join(tmpdir(), "tideway-cli-"));
afterAll(() => rmSync(dir, { recursive: true }));
const kubeconfigFor = (server: string): string => {
  const path = join(dir, String(Math.random()));
  const config = {
    "current-context": "a",
    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
    clusters: [{ name: "a", cluster: { server } }],
    users: [{ name: "a", user: {} }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
};

test("an API server that is not there ends with 1 and says what to check", async () => {
  const ran = await inProcess(["--kubeconfig", kubeconfigFor("https://127.0.0.1:1"), "status"]);
  expect(ran.code).toBe(EXIT.failed);
  expect(ran.err).toContain("cannot reach the API server");
  expect(ran.err).toContain("check that the cluster runs");
});

test("an API server that does not answer ends with 3, and Ctrl-C with 130", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const kubeconfig = kubeconfigFor(`https://127.0.0.1:${port}`);
  const ran = await inProcess([
    "--kubeconfig",
    kubeconfig,
    "offload",
    "namespace",
    "a",
    "--timeout",
    "200ms",
  ]);
  expect(ran.code).toBe(EXIT.timedOut);
  expect(ran.err).toContain("has not answered in time");
  const stop = new AbortController();
  const running = inProcess(["--kubeconfig", kubeconfig, "status"], { signal: stop.signal });
  await once(silent, "connection");
  stop.abort();
  expect((await running).code).toBe(EXIT.interrupted);
  silent.close();
});

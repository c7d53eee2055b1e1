import { randomUUID } from "node:crypto";
import {
  discoveryPolicies,
  type DiscoveryPolicy,
  findCondition,
  type ForeignCluster,
  foreignClusters,
  foundOf,
  make,
  type SearchDomain,
  searchDomains,
} from "@tideway/api";
import { type Announcement, toTxt } from "@tideway/dnssd";
import type { FactOf } from "@tideway/protos";
import { type DnsServer, startDns, until } from "@tideway/sandbox";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Door, openDoor } from "./door.ts";
import { NOWHERE, PIN, type Service, startWorld, type World } from "./world.ts";

const ZONE = "lab.example";
const OTHER_PIN = `sha256/${"B".repeat(43)}=`;

let w: World;
let service: Service;
let dns: DnsServer;
let n = 0;

beforeAll(async () => {
  [w, dns] = await Promise.all([startWorld(), startDns(ZONE)]);
  service = await w.start();
});
afterAll(async () => {
  await service?.stop();
  await Promise.all([w?.stop(), dns?.stop()]);
});

const announcementOf = (o: Partial<Announcement> = {}): Announcement => ({
  clusterID: randomUUID(),
  clusterName: `found-${++n}`,
  version: "1.0",
  endpoint: NOWHERE,
  pin: PIN,
  ...o,
});

/** What the mdns-agent says of a cluster. */
const hear = (a: Announcement, o: Partial<FactOf["sighting"]> = {}): Promise<void> =>
  w.bus.publish(
    "sighting",
    { peer: a.clusterID, id: o.instance ?? a.clusterName },
    {
      clusterId: a.clusterID,
      state: "SEEN",
      clusterName: a.clusterName,
      instance: a.clusterName,
      authEndpoint: a.endpoint,
      pin: a.pin,
      protocolVersion: a.version,
      until: new Date(Date.now() + 60_000).toISOString(),
      ...o,
    },
  );

const find = async (a: Announcement): Promise<ForeignCluster | undefined> =>
  (await w.kube.list(foreignClusters)).find((fc) => fc.spec.clusterID === a.clusterID);
const found = (a: Announcement): Promise<ForeignCluster> =>
  until(() => find(a), { what: `the ForeignCluster of ${a.clusterName}`, everyMs: 10 });
const gone = (a: Announcement): Promise<unknown> =>
  until(async () => (await find(a)) === undefined, {
    what: `the end of the ForeignCluster of ${a.clusterName}`,
    everyMs: 10,
    explain: async () => JSON.stringify(await find(a)),
  });
const says = (a: Announcement, reason: string, type = "Discovered"): Promise<unknown> =>
  until(async () => findCondition((await find(a))?.status?.conditions, type)?.reason === reason, {
    what: `${type} ${reason} of ${a.clusterName}`,
    everyMs: 20,
    explain: async () => JSON.stringify((await find(a))?.status),
  });
const fact = (a: Announcement): FactOf["peer"] | undefined => w.peers.get(a.clusterID)?.data;
const factIs = (a: Announcement, want: Partial<FactOf["peer"]>): Promise<unknown> =>
  until(
    () => Promise.resolve(Object.entries(want).every(([k, v]) => fact(a)?.[k as keyof FactOf["peer"]] === v)),
    {
      what: `the fact ${JSON.stringify(want)}`,
      explain: () => JSON.stringify(fact(a)),
    },
  );

const setPolicy = (spec: DiscoveryPolicy["spec"]): Promise<unknown> =>
  w.kube.apply(discoveryPolicies, { metadata: { name: "default" }, spec }, { fieldManager: "test" });
const dropPolicy = (): Promise<void> => w.kube.delete(discoveryPolicies, "default");

describe("a cluster that announces itself on the local network", () => {
  it("becomes a ForeignCluster that is left to the policy, and a fact that says it is only a claim", async () => {
    const a = announcementOf();
    await hear(a);
    const fc = await found(a);
    expect(fc.metadata.name).toBe(a.clusterName);
    expect(fc.spec).toMatchObject({ authEndpoint: NOWHERE, pins: [PIN], outgoingPeering: "Auto" });
    expect(foundOf(fc)).toMatchObject([{ way: "mDNS", domain: "local" }]);
    await says(a, "AsksPerson");
    await factIs(a, { phase: "PRESENT", claimed: true, outgoing: false });
    expect(fact(a)?.foundAt).toEqual(["mDNS local"]);
  });

  it("is withdrawn within a second when it says goodbye, and nothing is left of it", async () => {
    const took = async (): Promise<number> => {
      const a = announcementOf();
      await hear(a);
      await found(a);
      await factIs(a, { phase: "PRESENT" });
      const from = performance.now();
      await hear(a, { state: "GONE" });
      await gone(a);
      const ms = performance.now() - from;
      await factIs(a, { phase: "GONE" });
      return ms;
    };
    const all = [await took(), await took(), await took()];
    expect(Math.min(...all)).toBeLessThan(1000); // the machine may be busy once
  });

  it("is withdrawn when its time is over, and not before", async () => {
    const a = announcementOf();
    await hear(a);
    await found(a);
    const until = new Date(Date.now() + 1500).toISOString();
    await hear(a, { until });
    await gone(a);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
  });

  it("whose time ended while nobody was here is withdrawn at the next start", async () => {
    const a = announcementOf();
    await hear(a);
    await found(a);
    await service.stop();
    const ends = Date.now() + 200;
    await hear(a, { until: new Date(ends).toISOString() });
    await until(() => Promise.resolve(ends < Date.now()), { what: "the end of its time" });
    service = await w.start();
    await gone(a);
  });

  it("stays when it is a peer, however loudly somebody says goodbye for it", async () => {
    const a = announcementOf();
    await hear(a);
    const { metadata } = await found(a);
    const own = { clusterId: a.clusterID, name: metadata.name };
    const identity = (state: "GRANTED" | "GONE"): Promise<void> =>
      w.bus.publish(
        "identity",
        { peer: a.clusterID, id: "incoming" },
        { ...own, direction: "incoming", state },
      );
    await identity("GRANTED");
    await says(a, "Negotiating", "Ready");
    await hear(a, { state: "GONE" });
    const sentinel = announcementOf();
    await hear(sentinel); // handled after the goodbye
    await found(sentinel);
    expect((await find(a))?.metadata.deletionTimestamp).toBeUndefined();
    await identity("GONE");
    await gone(a);
  });

  it("stays when a person has changed it", async () => {
    const a = announcementOf();
    await hear(a);
    const { metadata } = await found(a);
    await w.kube.patch(foreignClusters, metadata.name, undefined, {
      metadata: { labels: { team: "storage" } },
    });
    await hear(a, { until: new Date(Date.now() + 1500).toISOString() });
    await until(
      async () => Date.now() > Date.parse(foundOf((await find(a)) ?? { metadata: {} })[0]?.until ?? ""),
      { what: "the end of its time" },
    );
    const sentinel = announcementOf();
    await hear(sentinel);
    await found(sentinel);
    expect((await find(a))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("is not this cluster itself", async () => {
    const self =
      (
        await w.kube.get(
          { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false },
          "kube-system",
        )
      ).metadata.uid ?? "";
    const own = announcementOf({ clusterID: self });
    await hear(own);
    const sentinel = announcementOf();
    await hear(sentinel);
    await found(sentinel);
    expect(await find(own)).toBeUndefined();
  });
});

describe("somebody who announces the ID of another cluster with a key of his own", () => {
  it("changes nothing; a condition, a Warning and the audit tell of it", async () => {
    const a = announcementOf();
    await hear(a);
    const before = (await found(a)).spec;
    const audited = w.bus.events({ follow: true, since: new Date(), entity: "audit", peer: a.clusterID });
    await hear({ ...a, pin: OTHER_PIN, endpoint: "127.0.0.1:10" }, { instance: "zz-forged" });
    await says(a, "PinConflict");
    expect((await found(a)).spec).toEqual(before);
    for await (const e of audited) {
      expect(e.data).toMatchObject({ outcome: "DENIED", reason: "PinConflict", action: "announce" });
      break;
    }
    await hear({ ...a, pin: OTHER_PIN }, { instance: "zz-forged", state: "GONE" });
    await says(a, "AsksPerson");
  });

  it("is displaced by the one whose key the policy names", async () => {
    const real = announcementOf({ pin: `sha256/${"C".repeat(43)}=` });
    await hear({ ...real, pin: OTHER_PIN }, { instance: "aa-forged" });
    expect((await found(real)).spec.pins).toEqual([OTHER_PIN]);
    await setPolicy({ rules: [{ name: "ours", pins: [real.pin], action: "join" }] });
    await hear(real);
    await until(async () => (await find(real))?.spec.pins[0] === real.pin, { what: "the real one" });
    await dropPolicy();
  });
});

describe("the policy", () => {
  let door: Door;
  let a: Announcement;
  beforeEach(async () => {
    a = announcementOf();
    door = await openDoor(a.clusterID);
    a = { ...a, endpoint: door.endpoint, pin: door.pin };
  });
  afterEach(async () => {
    await door.close();
    await dropPolicy();
  });

  it("joins a cluster whose key it names, with the rule's token; it is no claim any more", async () => {
    await setPolicy({
      rules: [{ name: "ours", pins: [a.pin], action: "join", tokenSecretRef: { name: "standing" } }],
    });
    await hear(a);
    await says(a, "JoinedByRule");
    await factIs(a, { outgoing: true, tokenSecret: "standing", claimed: false });
    await says(a, "Authenticating", "Ready");
  });

  it("joins by the domain in which it was found, and says that this proves nothing", async () => {
    await setPolicy({ rules: [{ name: "lan", domains: ["local"], action: "join" }] });
    await hear(a);
    await factIs(a, { outgoing: true, claimed: true });
    await until(
      async () =>
        findCondition((await w.kube.get(discoveryPolicies, "default")).status?.conditions, "Ready")
          ?.reason === "JoinsUnproven",
      { what: "the warning" },
    );
  });

  it("joins by a label that a person gives, and lets go when it is taken away", async () => {
    await setPolicy({ rules: [{ name: "trusted", matchLabels: { trusted: "yes" }, action: "join" }] });
    await hear(a);
    const { metadata } = await found(a);
    await says(a, "AsksPerson");
    const label = (trusted: string | null): Promise<unknown> =>
      w.kube.patch(foreignClusters, metadata.name, undefined, { metadata: { labels: { trusted } } });
    await label("yes");
    await factIs(a, { outgoing: true });
    await label(null);
    await factIs(a, { outgoing: false });
  });

  it("that never joins says so, and a person may", async () => {
    await setPolicy({ rules: [{ name: "strangers", domains: ["*"], action: "never", reason: "not ours" }] });
    await hear(a);
    await says(a, "NeverByRule");
    const { metadata, status } = await found(a);
    expect(findCondition(status?.conditions, "Discovered")?.message).toContain(
      'rule "strangers" says never: not ours',
    );
    await w.kube.patch(foreignClusters, metadata.name, undefined, { spec: { outgoingPeering: "Yes" } });
    await factIs(a, { outgoing: true, claimed: false });
    await says(a, "DecidedByPerson");
  });

  it("that changes takes back what it joined", async () => {
    await setPolicy({ rules: [{ name: "ours", pins: [a.pin], action: "join" }] });
    await hear(a);
    await factIs(a, { outgoing: true });
    await setPolicy({ rules: [{ name: "ours", pins: [a.pin], action: "ask" }] });
    await factIs(a, { outgoing: false });
  });

  it("has no rule that joins everybody by mistake", async () => {
    await expect(setPolicy({ rules: [{ name: "all", action: "join" }] })).rejects.toThrow(/must say whom/);
  });
});

describe("a domain that is searched", () => {
  const records = (a: Announcement, ttl: number): string[] => [
    `_tideway._tcp ${ttl} IN PTR ${a.clusterName}._tideway._tcp`,
    `${a.clusterName}._tideway._tcp ${ttl} IN SRV 0 0 9 host`,
    `${a.clusterName}._tideway._tcp ${ttl} IN TXT ${toTxt(a)
      .map((s) => JSON.stringify(s))
      .join(" ")}`,
  ];
  const domain = (name: string, spec: Partial<SearchDomain["spec"]> = {}): Promise<unknown> =>
    w.kube.apply(
      searchDomains,
      make(searchDomains, {
        metadata: { name },
        spec: { domain: ZONE, intervalSeconds: 10, servers: [dns.address], ...spec },
      }),
      { fieldManager: "test" },
    );
  const domainIs = (name: string, reason: string, names: string[] = []): Promise<unknown> =>
    until(
      async () => {
        const { status } = await w.kube.get(searchDomains, name);
        const same = JSON.stringify(status?.found ?? []) === JSON.stringify(names);
        return same && findCondition(status?.conditions, "Ready")?.reason === reason;
      },
      {
        what: `${reason} of ${name}`,
        explain: async () => JSON.stringify((await w.kube.get(searchDomains, name)).status),
      },
    );
  afterEach(async () => {
    for (const d of await w.kube.list(searchDomains)) await w.kube.delete(searchDomains, d.metadata.name);
    await dns.setZone([]);
  });

  it("gives what PTR, SRV and TXT say, for their time to live, and withdraws it when they are gone", async () => {
    const [a, b] = [announcementOf(), announcementOf()];
    await dns.setZone([...records(a, 3), ...records(b, 60)]);
    const from = Date.now();
    await domain("lab");
    const fc = await found(a);
    const [at] = foundOf(fc);
    expect(at).toMatchObject({ way: "DNS", domain: ZONE, endpoint: NOWHERE, pin: PIN });
    expect(Date.parse(at!.until)).toBeGreaterThanOrEqual(from + 3000);
    expect(Date.parse(at!.until)).toBeLessThanOrEqual(Date.now() + 3000);
    await domainIs("lab", "Found", [a.clusterName, b.clusterName].sort());
    await dns.setZone(records(b, 60));
    await gone(a);
    expect(await find(b)).toBeDefined();
    await domainIs("lab", "Found", [b.clusterName]);
  });

  it("keeps what was found while the server is away, until its time is over", async () => {
    const a = announcementOf();
    await dns.setZone(records(a, 15)); // searched again after 10 s: then 5 s are left
    await domain("lab");
    await found(a);
    await dns.kill();
    await domainIs("lab", "SearchFailed", [a.clusterName]);
    const until = foundOf(await found(a))[0]!.until;
    await gone(a);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
    await dns.start();
    await found(a);
  });

  it("takes the address of the SRV record where TXT names none, and tells of what is not sound", async () => {
    const a = announcementOf({ endpoint: `host.${ZONE}:9` });
    const broken = announcementOf({ pin: "none" });
    const bare = records(a, 60).map((line) => line.replace(` "ep=host.${ZONE}:9"`, ""));
    await dns.setZone([...bare, ...records(broken, 60)]);
    await domain("lab");
    expect((await found(a)).spec.authEndpoint).toBe(`host.${ZONE}:9`);
    await domainIs("lab", "Found", [a.clusterName]);
    const { status } = await w.kube.get(searchDomains, "lab");
    expect(findCondition(status?.conditions, "Ready")?.message).toMatch(
      /1 cluster announced.*not usable: .*not sound/,
    );
  });

  it("comes by TCP where an answer does not fit, and holds many clusters", async () => {
    const all = Array.from({ length: 60 }, () => announcementOf());
    await dns.setZone(all.flatMap((a) => records(a, 60)));
    await domain("lab");
    await domainIs("lab", "Found", all.map((a) => a.clusterName).sort());
  });

  it("with nothing in it says so, and one that is deleted takes back what it gave", async () => {
    await domain("empty", { domain: `nothing.${ZONE}` });
    await domainIs("empty", "NothingFound");
    const a = announcementOf();
    await dns.setZone(records(a, 3600));
    await domain("lab");
    await found(a);
    await w.kube.delete(searchDomains, "lab");
    const { metadata } = await found(a);
    expect(foundOf({ metadata })).toHaveLength(1); // it has its time to live
  });
});

/**
 * Who means harm, on the network where clusters are found: words in the name of a peer, and answers of a DNS server that
 * lies. None of it changes a peer, its key or its address; what is said in a peer's name stands in the audit, and what a
 * server answers badly in the condition of its domain.
 */
import { randomUUID } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import {
  discoveryPolicies,
  findCondition,
  type ForeignCluster,
  foreignClusters,
  make,
  searchDomains,
} from "@tideway/api";
import {
  type Announcement,
  decodePacket,
  type DnsRecord,
  emptyPacket,
  encodePacket,
  type Packet,
  serviceName,
  toTxt,
} from "@tideway/dnssd";
import type { FactOf } from "@tideway/protos";
import { until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NOWHERE, PIN, type Service, startWorld, type World } from "./world.ts";

const FORGED = `sha256/${"F".repeat(43)}=`;
const ELSEWHERE = "127.0.0.1:10";

let w: World;
let service: Service;
/** A peer that was found, and that the policy joined by its key. */
const west: Announcement = {
  clusterID: randomUUID(),
  clusterName: "west",
  version: "0.2",
  endpoint: NOWHERE,
  pin: PIN,
};

const say = (o: Partial<FactOf["sighting"]> = {}): Promise<void> => {
  const clusterId = o.clusterId ?? west.clusterID;
  const instance = o.instance ?? "west";
  return w.bus.publish(
    "sighting",
    { peer: clusterId, id: instance },
    {
      clusterId,
      state: "SEEN",
      clusterName: "west",
      instance,
      authEndpoint: west.endpoint,
      pin: west.pin,
      protocolVersion: west.version,
      until: new Date(Date.now() + 600_000).toISOString(),
      ...o,
    },
  );
};
const clusterOf = async (id: string): Promise<ForeignCluster | undefined> =>
  (await w.kube.list(foreignClusters)).find((fc) => fc.spec.clusterID === id);
const peer = async (): Promise<ForeignCluster> => (await clusterOf(west.clusterID))!;
const reason = async (): Promise<string | undefined> =>
  findCondition((await peer()).status?.conditions, "Discovered")?.reason;
const isAgain = (what: string): Promise<unknown> =>
  until(async () => (await reason()) === what, {
    what: `Discovered ${what}`,
    everyMs: 20,
    explain: async () => JSON.stringify(await peer()),
  });
const audited = async (): Promise<FactOf["audit"][]> => {
  const all: FactOf["audit"][] = [];
  for await (const e of w.bus.events({ follow: false, entity: "audit", peer: west.clusterID }))
    all.push(e.data as FactOf["audit"]);
  return all.filter((r) => r.outcome === "DENIED");
};

beforeAll(async () => {
  w = await startWorld();
  service = await w.start({ DISCOVERY_DNS_TIMEOUT_MS: "300" });
  await w.kube.create(discoveryPolicies, {
    metadata: { name: "default" },
    spec: { rules: [{ name: "ours", pins: [west.pin], action: "join" }] },
  });
  await say();
  await until(() => clusterOf(west.clusterID), { what: "west" });
  await isAgain("JoinedByRule");
  const own = { clusterId: west.clusterID, name: "west" };
  for (const direction of ["outgoing", "incoming"] as const)
    await w.bus.publish(
      "identity",
      { peer: west.clusterID, id: direction },
      { ...own, direction, state: "GRANTED" },
    );
  // heard of: from now on it is a peer, and not only joined
  await until(
    async () => findCondition((await peer()).status?.conditions, "Ready")?.reason === "Negotiating",
    { what: "west as a peer" },
  );
  await until(async () => w.peers.get(west.clusterID)?.data.outgoing, { what: "the fact of west" });
});
afterAll(async () => {
  await service?.stop();
  await w?.stop();
});

describe("in a peer's name somebody", () => {
  it.each<[what: string, fact: Partial<FactOf["sighting"]>, record: string]>([
    ["says goodbye", { state: "GONE" }, "StillPeered"],
    ["announces a key of his own", { pin: FORGED, instance: "a" }, "PinConflict"],
    [
      "announces a key and an address of his own",
      { pin: FORGED, authEndpoint: ELSEWHERE, instance: "b" },
      "PinConflict",
    ],
    ["announces his key under the peer's own name", { pin: FORGED, authEndpoint: ELSEWHERE }, "PinConflict"],
    [
      "announces his key under another cluster's name",
      { pin: FORGED, clusterName: "east", instance: "c" },
      "PinConflict",
    ],
    [
      "announces his key for ever",
      { pin: FORGED, until: "9999-12-31T00:00:00Z", instance: "d" },
      "PinConflict",
    ],
    [
      "announces his key, which sorts first",
      { pin: `sha256/${"+".repeat(43)}=`, instance: "e" },
      "PinConflict",
    ],
  ])("%s: the peer stays as it is, and it is recorded", async (_what, fact, record) => {
    const before = await peer();
    const known = (await audited()).length;
    await say(fact);
    await until(async () => (await audited()).slice(known).some((r) => r.reason === record), {
      what: `the record ${record}`,
      everyMs: 20,
      explain: async () => JSON.stringify([await audited(), await peer()]),
    });
    const after = await peer();
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.metadata.deletionTimestamp).toBeUndefined();
    expect(after.spec).toEqual(before.spec);
    expect(w.peers.get(west.clusterID)?.data).toMatchObject({
      phase: "PRESENT",
      outgoing: true,
      pins: [PIN],
    });
    if (fact.instance) await say({ ...fact, state: "GONE" });
    await say();
    await isAgain("JoinedByRule");
  });

  it("announces what is no time: it is not believed, and the peer stays", async () => {
    await say({ until: "tomorrow", instance: "f", pin: FORGED });
    await say({ clusterId: "sentinel", clusterName: "sentinel", instance: "sentinel" });
    await until(() => clusterOf("sentinel"), { what: "what was said after it" });
    expect((await peer()).spec.pins).toEqual([PIN]);
  });
});

describe("a DNS server that", () => {
  const DOMAIN = "lying.example";
  const NAME = `west.${serviceName(DOMAIN)}`;
  const forged = { ...west, clusterID: randomUUID(), pin: FORGED, endpoint: ELSEWHERE };
  const base = { ttl: 60, flush: false };
  const honest = (name: string): DnsRecord[] => [
    { ...base, type: "PTR", name: serviceName(DOMAIN), target: name },
    { ...base, type: "SRV", name, target: "host.lying.example", port: 1 },
    { ...base, type: "TXT", name, strings: toTxt(forged) },
  ];
  /** Answers each question with what `lie` makes of a right answer. */
  type Lie = (right: Packet, question: Buffer) => Buffer | Buffer[];
  const openServer = async (lie: Lie): Promise<{ address: string; asked(): number; close(): void }> => {
    const socket: Socket = createSocket("udp4");
    let asked = 0;
    socket.on("message", (bytes, from) => {
      const p = decodePacket(bytes);
      if (typeof p === "string") return;
      asked++;
      const [q] = p.questions;
      const right: Packet = {
        ...emptyPacket("response"),
        id: p.id,
        questions: p.questions,
        answers: honest(NAME).filter((r) => r.type === q?.type && r.name === q.name),
      };
      for (const b of [lie(right, bytes)].flat()) socket.send(b, from.port, from.address);
    });
    await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
    return { address: `127.0.0.1:${socket.address().port}`, asked: () => asked, close: () => socket.close() };
  };
  const header = (id: number, answers: number): Buffer => {
    const b = Buffer.alloc(12);
    b.writeUInt16BE(id, 0);
    b.writeUInt16BE(0x8400, 2);
    b.writeUInt16BE(answers, 6);
    return b;
  };
  const CNAME_LOOP = "c00c000c0001";

  it.each<[what: string, lie: Lie]>([
    ["answers under another number", (p) => encodePacket({ ...p, id: p.id ^ 1 })],
    [
      "guesses a thousand numbers",
      (p) => Array.from({ length: 1000 }, (_, i) => encodePacket({ ...p, id: (p.id + 1 + i) & 0xffff })),
    ],
    [
      "answers another question",
      (p) => encodePacket({ ...p, questions: [{ name: "other.example", type: "PTR", unicast: false }] }),
    ],
    ["answers without a question", (p) => encodePacket({ ...p, questions: [] })],
    ["repeats the question", (_, question) => question],
    [
      "has a name that points to itself",
      (p) => Buffer.concat([header(p.id, 1), Buffer.from(CNAME_LOOP, "hex"), Buffer.alloc(6)]),
    ],
    [
      "has names that point to each other",
      (p) =>
        Buffer.concat([header(p.id, 1), Buffer.from("0161c0100161c00c000c0001", "hex"), Buffer.alloc(6)]),
    ],
    ["counts 65,535 records and sends none", (p) => header(p.id, 0xffff)],
    [
      "answers with 9,001 bytes",
      (p) => Buffer.concat([encodePacket(p), Buffer.alloc(9001)]).subarray(0, 9001),
    ],
    ["cuts its answer off", (p) => encodePacket(p).subarray(0, 20)],
    ["has more to say, and says it nowhere", (p) => encodePacket({ ...p, truncated: true, answers: [] })],
  ])("%s is not believed, and the condition of its domain tells of it", async (_what, lie) => {
    const server = await openServer(lie);
    try {
      await w.kube.apply(
        searchDomains,
        make(searchDomains, {
          metadata: { name: "lying" },
          spec: { domain: DOMAIN, intervalSeconds: 10, servers: [server.address] },
        }),
        { fieldManager: "test" },
      );
      const said = await until(
        async () => findCondition((await w.kube.get(searchDomains, "lying")).status?.conditions, "Ready"),
        { what: "an answer to the search" },
      );
      await until(async () => server.asked() > 0, { what: "the question at the server" });
      expect(said).toMatchObject({ status: "False", reason: "SearchFailed" });
      expect(await clusterOf(forged.clusterID)).toBeUndefined();
      expect((await peer()).spec.pins).toEqual([PIN]);
    } finally {
      server.close();
      await w.kube.delete(searchDomains, "lying");
      await until(async () => !(await w.kube.find(searchDomains, "lying")), { what: "the domain's end" });
    }
  });
});

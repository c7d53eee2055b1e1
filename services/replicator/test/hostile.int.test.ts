/**
 * A provider that means harm: its API server answers what it likes. What it says is refused or stays there, it stands in
 * the audit or in a condition, and another peer of the same replica notices nothing.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { findCondition } from "@tideway/api";
import type { FactOf } from "@tideway/protos";
import { secrets } from "@tideway/k8s";
import { type Front, type Rule, startFront, until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  foreignClusters,
  LOCAL,
  map,
  namespaceMaps,
  ORIGIN,
  REMOTE,
  type Replica,
  request,
  resourceOffers,
  resourceRequests,
  startWorld,
  type World,
} from "./world.ts";

const HONEST = {
  id: "33333333-3333-3333-3333-333333333333",
  name: "north",
  local: "tideway-peer-north",
  remote: "tideway-tenant-other",
};
let w: World;
let front: Front;
let replica: Replica;
let inner: Server;
let innerAsked = 0;

const wait = <T>(what: string, look: () => Promise<T | undefined | false>, timeoutMs = 30_000): Promise<T> =>
  until(look, { what, everyMs: 25, timeoutMs });
const records = async (): Promise<FactOf["audit"][]> => {
  const all: FactOf["audit"][] = [];
  for await (const e of w.bus.events({ follow: false, entity: "audit", peer: w.westID }))
    all.push(e.data as FactOf["audit"]);
  return all;
};
const count = async (reason: string): Promise<number> =>
  (await records()).filter((r) => r.reason === reason).reduce((n, r) => n + r.count, 0);
const condition = async () =>
  findCondition((await w.here.get(foreignClusters, "west")).status?.conditions, "Replicated");

let amount = 1;
/** What east asks of the honest peer is there at once. */
const othersUnharmed = async (): Promise<void> => {
  const cpu = String(++amount);
  const from = performance.now();
  await w.here.patch(resourceRequests, "request", HONEST.local, { spec: { resources: { cpu } } });
  await wait(
    "the honest peer to be asked",
    async () =>
      (await w.there.find(resourceRequests, "request", HONEST.remote))?.spec.resources?.["cpu"] === cpu,
    10_000,
  );
  expect(performance.now() - from).toBeLessThan(5_000);
};

const OFFERS = `/apis/sharing.tideway.dev/v1alpha1/namespaces/${REMOTE}/resourceoffers`;
const isWatch = (url: string): boolean => url.includes("watch=true");
/** A watch is told that its version is too old: all is listed anew. */
const onList =
  (answer: (res: Parameters<Rule>[1], url: URL) => void): Rule =>
  (req, res) => {
    if (req.method !== "GET" || !req.url.startsWith(OFFERS)) return false;
    if (isWatch(req.url)) say(res, 410, '{"kind":"Status","code":410,"reason":"Expired"}');
    else answer(res, new URL(req.url, "https://x"));
    return true;
  };
const onWatch =
  (answer: (res: Parameters<Rule>[1]) => void): Rule =>
  (req, res) => {
    if (!req.url.startsWith(OFFERS) || !isWatch(req.url)) return false;
    res.writeHead(200, { "content-type": "application/json" });
    answer(res);
    return true;
  };
const say = (res: Parameters<Rule>[1], status: number, body: string, headers = {}): void => {
  res.writeHead(status, { "content-type": "application/json", ...headers });
  res.end(body);
};
const list = (items: unknown[], more = {}): string =>
  JSON.stringify({
    kind: "ResourceOfferList",
    apiVersion: "sharing.tideway.dev/v1alpha1",
    metadata: { resourceVersion: "1", ...more },
    items,
  });
const offerOf = (name: string, o: { metadata?: object; spec?: object; status?: object } = {}): object => ({
  apiVersion: "sharing.tideway.dev/v1alpha1",
  kind: "ResourceOffer",
  metadata: {
    name,
    namespace: REMOTE,
    uid: `uid-${name}-${lie}`,
    resourceVersion: String(lie),
    generation: 1,
    ...o.metadata,
  },
  spec: { clusterID: w.westID, resources: { cpu: "4" }, labels: {}, storageClasses: [], ...o.spec },
  ...(o.status ? { status: o.status } : {}),
});
/** Of what it says now; so small that the API server has none of them any more. */
let lie = 1;
/** Lists these offers, and nothing happens to them after that. */
const holds = (...items: object[]): Rule => {
  const version = String(lie);
  const watch = onWatch(() => undefined);
  const whole = onList((res) => say(res, 200, list(items, { resourceVersion: version })));
  return (req, res) =>
    req.url.includes(`resourceVersion=${version}&`) ? watch(req, res) || whole(req, res) : whole(req, res);
};
const event = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;
const MB = 2 ** 20;
const deep = (n: number): string => "[".repeat(n) + "]".repeat(n);

beforeAll(async () => {
  w = await startWorld();
  front = await startFront(w.west);
  inner = createServer((_req, res) => {
    innerAsked++;
    res.end("{}");
  });
  await new Promise<void>((done) => inner.listen(0, "127.0.0.1", done));
  const hostile = { id: w.westID, name: "west", local: LOCAL, remote: REMOTE };
  for (const peer of [hostile, HONEST]) await w.tenant(peer);
  await w.here.patch(secrets, "tideway-identity", LOCAL, {
    data: { server: Buffer.from(front.url).toString("base64") },
  });
  await w.peerFact();
  await w.grant({ apiServer: front.url });
  await w.grant({
    clusterId: HONEST.id,
    name: HONEST.name,
    localNamespace: HONEST.local,
    remoteNamespace: HONEST.remote,
  });
  await w.here.create(resourceRequests, request(w));
  await w.here.create(resourceRequests, request(w, HONEST.local));
  replica = w.replica("replicator-0");
  await wait("both to be asked", async () => {
    const asked = [REMOTE, HONEST.remote].map((n) => w.there.find(resourceRequests, "request", n));
    return (await Promise.all(asked)).every(Boolean);
  });
}, 120_000);
afterAll(async () => {
  await replica?.stop();
  await front?.close();
  inner?.close();
  await w?.stop();
});

/** The truth again; the version of the lie is none that the API server knows, though it may take it for an old one. */
const forgotten: Rule = (req, res) => {
  if (!req.url.startsWith(OFFERS) || !isWatch(req.url) || !/resourceVersion=\d\d?&/.test(req.url))
    return false;
  say(res, 410, '{"kind":"Status","code":410,"reason":"Expired"}');
  return true;
};

/** It is tried, it is told of, the other peer is served meanwhile, and afterwards all is as it was. */
const tried = async (rule: Rule, told: () => Promise<unknown>): Promise<void> => {
  front.lie(rule);
  lie++;
  try {
    await told();
    await othersUnharmed();
  } finally {
    front.lie(forgotten);
  }
  await wait("the replicator to be connected again", async () => (await condition())?.status === "True");
};

describe("a provider whose API server answers", () => {
  it.each<[string, string, () => Rule]>([
    ["what is no JSON", "NotJson", () => onList((res) => say(res, 200, '{"items":[{'))],
    ["a page for people", "NotJson", () => onList((res) => say(res, 200, "<html>hello</html>"))],
    [
      "that the cloud's metadata has it",
      "Redirected",
      () =>
        onList((res) =>
          say(res, 302, "", { location: `http://127.0.0.1:${(inner.address() as AddressInfo).port}/` }),
        ),
    ],
    ["a list of 20 MiB", "AnswerTooLarge", () => onList((res) => say(res, 200, list(["x".repeat(20 * MB)])))],
    [
      "an event of 20 MiB that does not end",
      "AnswerTooLarge",
      () =>
        onWatch(
          (res) => void res.write(`{"type":"ADDED","object":{"metadata":{"name":"${"x".repeat(20 * MB)}`),
        ),
    ],
    [
      "pages without end",
      "ListTooLong",
      () => onList((res) => say(res, 200, list([], { continue: "more" }))),
    ],
    [
      "100,000 offers",
      "ListTooLong",
      () =>
        onList((res, url) => {
          const page = Number(url.searchParams.get("continue") ?? 0);
          const items = Array.from({ length: 10_000 }, (_, i) => ({
            metadata: { name: `o-${page}-${i}`, namespace: REMOTE, resourceVersion: "1" },
          }));
          say(res, 200, list(items, page < 9 ? { continue: String(page + 1) } : {}));
        }),
    ],
    [
      "an object of the owner's own namespace",
      "ForeignObject",
      () => onList((res) => say(res, 200, list([offerOf("x", { metadata: { namespace: "kube-system" } })]))),
    ],
    [
      "an event of another peer's namespace",
      "ForeignObject",
      () =>
        onWatch((res) => {
          res.write(event("ADDED", offerOf("x", { metadata: { namespace: HONEST.remote } })));
        }),
    ],
    ["an object without a name", "ForeignObject", () => onList((res) => say(res, 200, list([{ spec: {} }])))],
    [
      "lists in lists, a million deep",
      "ForeignObject",
      () => onList((res) => say(res, 200, `{"metadata":{},"items":[${deep(1_000_000)}]}`)),
    ],
    [
      "a word that is no event",
      "NotAnEvent",
      () => onWatch((res) => void res.write(event("EVIL", { a: 1 }))),
    ],
    ["an event of nothing", "NotAnEvent", () => onWatch((res) => void res.write(event("ADDED", null)))],
  ])("%s is not believed, and stands in the audit as %s", async (_, reason, rule) => {
    const before = await count(reason);
    await tried(rule(), () => wait(`a record ${reason}`, async () => (await count(reason)) > before));
    const [record] = (await records()).filter((r) => r.reason === reason);
    expect(record).toMatchObject({ outcome: "DENIED", action: "answer", actorName: "west" });
    expect(innerAsked).toBe(0);
  });

  it.each<[string, () => Rule]>([
    ["429 for a year", () => () => false],
    ["503 to all", () => () => false],
    ["fewer bytes than it said", () => () => false],
    ["that we are nobody", () => () => false],
    ["a header of a megabyte", () => () => false],
    ["nothing at all", () => () => false],
  ])("%s is waited for without a word to others, and taken back when it answers", async (what) => {
    const answers: Record<string, (res: Parameters<Rule>[1]) => void> = {
      "429 for a year": (res) => say(res, 429, "{}", { "retry-after": "31536000" }),
      "503 to all": (res) => say(res, 503, "{}"),
      "fewer bytes than it said": (res) => say(res, 200, "{}", { "content-length": "999" }),
      "that we are nobody": (res) => say(res, 401, "{}"),
      "a header of a megabyte": (res) => {
        try {
          say(res, 200, "{}", { "x-long": "x".repeat(MB) });
        } catch {
          res.stream.close();
        }
      },
      "nothing at all": () => undefined,
    };
    await tried(
      (_req, res) => {
        answers[what]!(res);
        return true;
      },
      () => wait("the condition to tell", async () => (await condition())?.status === "False"),
    );
  });

  it("410 to every watch is asked no faster than it can be borne", async () => {
    await tried(
      onWatch((res) => res.end(event("ERROR", { kind: "Status", code: 410, reason: "Expired" }))),
      async () => {
        const before = front.asked;
        await new Promise((done) => setTimeout(done, 3_000));
        expect(front.asked - before).toBeLessThan(120);
      },
    );
  });
});

const copies = () => w.here.list(resourceOffers, { namespace: LOCAL });

describe("a provider that holds", () => {
  it.each<[string, string, () => object[]]>([
    [
      "an offer of less than nothing",
      "ObjectRefused",
      () => [offerOf("offer", { spec: { resources: { cpu: "-4" } } })],
    ],
    [
      "an offer of no amount",
      "ObjectRefused",
      () => [offerOf("offer", { spec: { resources: { cpu: "∞" } } })],
    ],
    [
      "an offer of an amount of many digits",
      "ObjectRefused",
      () => [offerOf("offer", { spec: { resources: { cpu: "9".repeat(1_000) } } })],
    ],
    [
      "an offer with a way out in its name",
      "ForeignObject",
      () => [offerOf("../../../../../api/v1/namespaces/tideway-system/configmaps/x")],
    ],
    [
      "an offer of half a megabyte",
      "TooMuch",
      () => [offerOf("offer", { spec: { labels: { a: "x".repeat(MB / 2) } } })],
    ],
  ])("%s has no copy of it here, and it stands in the audit as %s", async (_, reason, items) => {
    const before = await count(reason);
    await tried(holds(...items()), async () => {
      await wait(`a record ${reason}`, async () => (await count(reason)) > before);
      expect(await copies()).toEqual([]);
    });
  });

  it("an offer that owns, holds and claims an origin gives none of that away", async () => {
    const metadata = {
      ownerReferences: [
        { apiVersion: "v1", kind: "Namespace", name: LOCAL, uid: "x", blockOwnerDeletion: true },
      ],
      finalizers: ["evil.example/forever"],
      labels: { "tideway.dev/peer": "north", evil: "yes" },
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" },
    };
    await tried(holds(offerOf("offer", { metadata })), async () => {
      const copy = await wait("the copy", async () => (await copies())[0]);
      expect(copy.metadata.ownerReferences).toBeUndefined();
      expect(copy.metadata.finalizers).toBeUndefined();
      expect(copy.metadata.labels).toEqual({ [ORIGIN]: w.westID, "tideway.dev/peer": "west" });
      expect(Object.keys(copy.metadata.annotations ?? {}).every((k) => k.startsWith("tideway.dev/"))).toBe(
        true,
      );
    });
    await wait("the copy to go", async () => (await copies()).length === 0);
  });

  it("an offer that it says came from another cluster is not passed on", async () => {
    const claimed = offerOf("claimed", { metadata: { labels: { [ORIGIN]: HONEST.id } } });
    await tried(holds(claimed, offerOf("offer")), async () => {
      await wait("the honest one", async () => (await copies())[0]);
      expect((await copies()).map((c) => c.metadata.name)).toEqual(["offer"]);
    });
  });

  it("a status of another kind for what we asked changes nothing of ours but that status", async () => {
    const { spec, metadata } = await w.here.get(resourceRequests, "request", LOCAL);
    await w.there
      .patch(
        resourceRequests,
        "request",
        REMOTE,
        {
          status: { phase: "Accepted", conditions: [], containerStatuses: [{ name: "x" }], spec: { cpu: 1 } },
        },
        { subresource: "status" },
      )
      .catch(() => undefined); // its own API server may refuse it
    await othersUnharmed();
    const now = await w.here.get(resourceRequests, "request", LOCAL);
    expect(now.spec).toEqual(spec);
    expect(now.metadata.uid).toBe(metadata.uid);
    expect(Object.keys(now.status ?? {})).not.toContain("containerStatuses");
  });

  it("a copy that it brings back after we took it away is taken away again, and makes nothing here", async () => {
    await w.here.create(namespaceMaps, map(["demo"]));
    const copy = await wait("the map there", () => w.there.find(namespaceMaps, "namespaces", REMOTE));
    await w.here.delete(namespaceMaps, "namespaces", LOCAL);
    await wait("the map to go", async () => !(await w.there.find(namespaceMaps, "namespaces", REMOTE)));
    const { labels, annotations } = copy.metadata;
    const metadata = {
      name: "namespaces",
      namespace: REMOTE,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    };
    await w.there.create(namespaceMaps, { metadata, spec: copy.spec });
    await wait("it to go again", async () => !(await w.there.find(namespaceMaps, "namespaces", REMOTE)));
    expect(await w.here.find(namespaceMaps, "namespaces", LOCAL)).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { decide, type Peer, type World } from "./decide.ts";
import { selects } from "./selector.ts";

const map = (more: object = {}) =>
  ({ metadata: { name: "namespaces" }, spec: { namespaces: ["shop"] }, ...more }) as never;
const readyMap = map({
  status: { namespaces: [{ source: "shop", twin: "tideway-east--shop", ready: true }] },
});
const west = (more: Partial<Peer> = {}): Peer => ({
  name: "west",
  nodes: [{ name: "west", labels: { region: "eu" } }],
  map: readyMap,
  ...more,
});
const world = (more: { spec?: object; deleting?: boolean; peers?: Peer[]; pods?: number } = {}): World => ({
  offloading: {
    metadata: {
      name: "offloading",
      namespace: "shop",
      generation: 2,
      ...(more.deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
    },
    spec: { podOffloadingStrategy: "LocalAndRemote", ...more.spec },
  } as never,
  peers: more.peers ?? [west()],
  pods: more.pods ?? 0,
});

describe("namespace offloading", () => {
  it("is ready when every selected provider has made its twin", () =>
    expect(decide(world())).toMatchObject({
      phase: "offload",
      remoteNamespaces: [{ peer: "west", namespace: "tideway-east--shop", ready: true }],
      condition: { status: "True", reason: "Offloaded", observedGeneration: 2 },
    }));
  it("names the provider that has not made its twin yet", () =>
    expect(decide(world({ peers: [west({ map: map() })] }))).toMatchObject({
      condition: { status: "False", reason: "TwinsNotReady" },
    }));
  it("says that there is no virtual node", () =>
    expect(decide(world({ peers: [] }))).toMatchObject({ condition: { reason: "NoVirtualNode" } }));
  it("takes only what the cluster selector selects", () => {
    const spec = {
      clusterSelector: [{ matchExpressions: [{ key: "region", operator: "In", values: ["us"] }] }],
    };
    expect(decide(world({ spec }))).toMatchObject({
      remoteNamespaces: [],
      condition: { reason: "NoVirtualNode" },
    });
  });
  it("keeps everything here when the strategy is Local", () =>
    expect(decide(world({ spec: { podOffloadingStrategy: "Local" } }))).toMatchObject({
      remoteNamespaces: [],
      condition: { status: "True" },
    }));
  it("drains pods before anything is taken away", () =>
    expect(decide(world({ deleting: true, pods: 2 })).phase).toBe("drain"));
  it("waits until no map has the namespace", () =>
    expect(decide(world({ deleting: true })).phase).toBe("wait"));
  it("is done when no map has it", () =>
    expect(decide(world({ deleting: true, peers: [west({ map: undefined })] })).phase).toBe("done"));
});

describe("the cluster selector", () => {
  const node = { name: "west", labels: { region: "eu", gpus: "4" } };
  const one = (key: string, operator: string, values?: string[]) =>
    [{ matchExpressions: [{ key, operator, values }] }] as never;
  it.each([
    ["absent", undefined, true],
    ["empty", [], true],
    ["a term without requirements", [{}], false],
    ["In", one("region", "In", ["eu"]), true],
    ["In, other", one("region", "In", ["us"]), false],
    ["NotIn", one("region", "NotIn", ["us"]), true],
    ["Exists", one("zone", "Exists"), false],
    ["DoesNotExist", one("zone", "DoesNotExist"), true],
    ["Gt", one("gpus", "Gt", ["3"]), true],
    ["Lt", one("gpus", "Lt", ["3"]), false],
    ["a field", [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["west"] }] }], true],
    ["one of two terms", [...one("region", "In", ["us"]), ...one("gpus", "Exists")], true],
  ])("%s", (_, terms, expected) => expect(selects(terms as never, node)).toBe(expected));
});

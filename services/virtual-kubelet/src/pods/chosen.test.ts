import { informer, type Pod } from "@tideway/k8s";
import { expect, it } from "vitest";
import { createChosen } from "./chosen.ts";

const WEST = "west-id";
const pod = (
  name: string,
  claims: string[],
  more: { status?: object; spec?: object; meta?: object } = {},
): Pod => ({
  metadata: { name, namespace: "shop", uid: `uid-${name}`, ...more.meta },
  spec: {
    containers: [],
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
    ...more.spec,
  },
  ...(more.status ? { status: more.status } : {}),
});
const cache = (pods: Pod[]): ReturnType<typeof informer<Pod>> =>
  ({
    get: (key: string) => pods.find((p) => `shop/${p.metadata.name}` === key),
    list: () => pods,
    byIndex: (_: string, ns: string) => pods.filter((p) => p.metadata.namespace === ns),
  }) as never;
const wish = (claim: string, state = "PENDING", peer = WEST) =>
  ({ peer, id: claim, data: { state, namespace: "shop", claim, node: "west" } }) as never;
const chosen = (o: { waiting: Pod[]; local?: Pod[]; volumes?: unknown[]; made?: boolean }) =>
  createChosen({
    clusterID: WEST,
    waiting: cache(o.waiting),
    localPods: cache(o.local ?? []),
    volumes: { list: () => (o.volumes ?? [wish("data")]) as never },
    awaitsVolumes: () => !o.made,
  });
const found = (o: Parameters<typeof chosen>[0]): string | undefined =>
  chosen(o).get("shop/db")?.metadata.name;

it("tells the pod whose new claim got the node", () =>
  expect(chosen({ waiting: [pod("db", ["data"])] }).get("shop/db")).toMatchObject({
    metadata: { name: "db" },
    spec: { nodeName: "west" },
  }));

it("tells none without a claim, with a claim of another place, or of one that has its volume", () => {
  expect(found({ waiting: [pod("db", [])] })).toBeUndefined();
  expect(found({ waiting: [pod("db", ["data", "local"])] })).toBeUndefined();
  expect(
    found({ waiting: [pod("db", ["data"])], volumes: [wish("data", "PENDING", "north")] }),
  ).toBeUndefined();
  expect(found({ waiting: [pod("db", ["data"])], volumes: [wish("data", "BOUND")] })).toBeUndefined();
});

it("tells none that the scheduler has given up, that is held back, goes, or asks for the API server", () => {
  const refused = { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] };
  for (const more of [
    { status: refused },
    { spec: { schedulingGates: [{ name: "g" }] } },
    { meta: { deletionTimestamp: "2026-01-01T00:00:00Z" } },
    { meta: { annotations: { "tideway.dev/api-server": "consumer" } } },
  ]) {
    const waiting = [pod("db", ["data"], more)];
    expect(found({ waiting })).toBeUndefined();
  }
});

it("tells none whose volumes are made without a pod: it would be bound over there before it is known as held", () =>
  expect(found({ waiting: [pod("db", ["data"])], made: true })).toBeUndefined());

it("cannot tell which of two pods with the same claim was meant", () => {
  expect(found({ waiting: [pod("db", ["data"]), pod("other", ["data"])] })).toBeUndefined();
  expect(found({ waiting: [pod("db", ["data"])], local: [pod("other", ["data"])] })).toBeUndefined();
});

it("still waits after its claim was bound, and until it is bound itself or refused", () => {
  const waits = (...waiting: Pod[]) => chosen({ waiting, volumes: [] }).isWaiting("shop/db", "uid-db");
  expect(waits(pod("db", ["data"]))).toBe(true);
  expect(waits()).toBe(false);
  expect(waits(pod("db", ["data"], { meta: { uid: "another" } }))).toBe(false);
});

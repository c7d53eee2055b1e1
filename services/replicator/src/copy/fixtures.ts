/** Builders for tests: a case keeps to the fields that matter. */
import { ORIGIN, ORIGIN_GENERATION, ORIGIN_UID } from "@tideway/api";
import type { CopyObject } from "../ports.ts";
import { FINALIZER } from "./body.ts";
import type { World } from "./decide.ts";

export const US = "11111111-aaaa-4aaa-8aaa-000000000001";
export const THEM = "22222222-bbbb-4bbb-8bbb-000000000002";

export interface ObjectOptions {
  uid?: string;
  generation?: number;
  held?: boolean;
  deleting?: boolean;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
}

export const anObject = (o: ObjectOptions = {}): CopyObject => ({
  metadata: {
    name: "thing",
    namespace: "ns",
    uid: o.uid ?? "u1",
    resourceVersion: "7",
    generation: o.generation ?? 1,
    ...(o.labels ? { labels: o.labels } : {}),
    ...(o.annotations ? { annotations: o.annotations } : {}),
    ...(o.held ? { finalizers: [FINALIZER] } : {}),
    ...(o.deleting ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: o.spec ?? { size: 1 },
  ...(o.status ? { status: o.status } : {}),
});

export interface CopyOptions extends ObjectOptions {
  of?: string;
  from?: string;
  ofGeneration?: number;
}

export const aCopy = (o: CopyOptions = {}): CopyObject =>
  anObject({
    uid: "c1",
    ...o,
    labels: { ...o.labels, [ORIGIN]: o.from ?? US },
    annotations: {
      ...o.annotations,
      [ORIGIN_UID]: o.of ?? "u1",
      [ORIGIN_GENERATION]: String(o.ofGeneration ?? 1),
    },
  });

export const aWorld = (o: Partial<World> = {}): World => ({
  kind: { status: true },
  lane: "Push",
  originCluster: US,
  copyLabels: {},
  origin: undefined,
  originSynced: true,
  hasRoom: true,
  copy: undefined,
  copySynced: true,
  reachable: true,
  ended: false,
  settled: {},
  ...o,
});

/** The same pair seen from the other side: the origin is the peer's, the copy is here. */
export const aPull = (o: Partial<World> = {}): World => aWorld({ lane: "Pull", originCluster: THEM, ...o });

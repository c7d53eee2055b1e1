import type { ShadowPod } from "@tideway/api";
import type { Pod } from "@tideway/k8s";
import { expect, it } from "vitest";
import { podBuilder } from "../pod-builder.ts";
import { forward } from "./forward.ts";

const shadow = (spec: Partial<ShadowPod["spec"]> = {}): ShadowPod => ({
  metadata: { name: "web", namespace: "ns", uid: "s" },
  spec: {
    originUID: "o",
    originNamespace: "shop",
    pod: { containers: [{ name: "c", image: "i:1" }] },
    podLabels: { app: "web", old: "1" },
    podAnnotations: { note: "a" },
    ...spec,
  },
});
const build = (s: ShadowPod): Pod =>
  podBuilder.build(
    s,
    { clusterID: "east", peer: "east" },
    { name: "default", rules: {}, podSecurity: "baseline" },
  );
const patch = (s: ShadowPod, actual: Pod = build(shadow())) => forward(s, build(s), actual);

it("nothing to do is nothing", () => expect(patch(shadow())).toBeUndefined());
it("an image", () =>
  expect(patch(shadow({ pod: { containers: [{ name: "c", image: "i:2" }] } }))).toEqual({
    spec: { containers: [{ name: "c", image: "i:2" }] },
  }));
it("not an image of a container that the pod has not", () =>
  expect(
    patch(
      shadow({
        pod: {
          containers: [
            { name: "c", image: "i:1" },
            { name: "new", image: "x" },
          ],
        },
      }),
    ),
  ).toBeUndefined());
it("a deadline", () =>
  expect(patch(shadow({ pod: { containers: [], activeDeadlineSeconds: 5 } }))).toEqual({
    spec: { activeDeadlineSeconds: 5 },
  }));
it("labels and annotations, with those taken away, but not the owner's", () => {
  const actual = build(shadow());
  actual.metadata.labels = { ...actual.metadata.labels, owner: "looks" };
  expect(patch(shadow({ podLabels: { app: "web2" }, podAnnotations: {} }), actual)?.metadata).toMatchObject({
    labels: { app: "web2", old: null },
    annotations: { note: null },
  });
});
it("labels that say whose the pod is cannot be changed by the consumer", () =>
  expect(
    patch(shadow({ podLabels: { app: "web", old: "1", "tideway.dev/origin": "other" } })),
  ).toBeUndefined());

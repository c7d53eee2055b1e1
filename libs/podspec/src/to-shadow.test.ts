import type { Pod } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { references, tokenSecretName } from "./references.ts";
import { refusals } from "./refusals.ts";
import { type ShadowPodLike, toPod } from "./to-pod.ts";
import { forwardedHash, toShadowPodSpec } from "./to-shadow.ts";

/** A pod as the scheduler of the consumer leaves it. */
const bound = (more: Partial<NonNullable<Pod["spec"]>> = {}, meta: Partial<Pod["metadata"]> = {}): Pod => ({
  metadata: { name: "web-0", namespace: "shop", uid: "u1", labels: { app: "web" }, ...meta },
  spec: {
    nodeName: "west",
    serviceAccountName: "default",
    serviceAccount: "default",
    schedulerName: "default-scheduler",
    priority: 0,
    preemptionPolicy: "PreemptLowerPriority",
    enableServiceLinks: true,
    tolerations: [{ key: "tideway.dev/virtual-node", operator: "Exists" }],
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    securityContext: {},
    containers: [
      {
        name: "c",
        image: "img:1",
        volumeMounts: [
          {
            name: "kube-api-access-abcde",
            mountPath: "/var/run/secrets/kubernetes.io/serviceaccount",
            readOnly: true,
          },
        ],
      },
    ],
    volumes: [
      {
        name: "kube-api-access-abcde",
        projected: {
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          ],
        },
      },
    ],
    ...more,
  },
});

describe("toShadowPodSpec", () => {
  it("makes of an ordinary pod a spec that a provider takes", () => {
    const shadow = toShadowPodSpec(bound());
    expect(refusals(shadow.pod)).toEqual([]);
    expect(shadow).toEqual({
      originUID: "u1",
      originNamespace: "shop",
      podLabels: { app: "web" },
      pod: {
        enableServiceLinks: true,
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        securityContext: {},
        containers: [{ name: "c", image: "img:1" }],
      },
    });
  });

  it("leaves the pod of the cache as it is", () => {
    const pod = bound();
    const before = structuredClone(pod);
    toShadowPodSpec(pod);
    expect(pod).toEqual(before);
  });

  it("turns a token that a volume asks for into a Secret, and the root CA into the consumer's", () => {
    const pod = bound({
      volumes: [
        {
          name: "t",
          projected: {
            sources: [
              { serviceAccountToken: { path: "vault", audience: "vault", expirationSeconds: 600 } },
              { configMap: { name: "kube-root-ca.crt" } },
            ],
          },
        },
      ],
    });
    const { volumes } = toShadowPodSpec(pod).pod;
    expect(volumes?.[0]?.projected?.sources).toEqual([
      { secret: { name: "tideway-tokens-web-0", items: [{ key: "t.0", path: "vault" }] } },
      { configMap: { name: "tideway-kube-root-ca.crt" } },
    ]);
    expect(references(pod.spec!)).toEqual({
      configMaps: new Set(["kube-root-ca.crt"]),
      secrets: new Set(),
      tokens: [{ key: "t.0", audience: "vault", expirationSeconds: 600 }],
    });
  });

  it("answers the downward API as the consumer would", () => {
    const env = (path: string) => ({ name: path, valueFrom: { fieldRef: { fieldPath: path } } });
    const pod = bound({
      containers: [
        {
          name: "c",
          env: [
            "metadata.namespace",
            "metadata.uid",
            "spec.nodeName",
            "spec.serviceAccountName",
            "metadata.name",
          ].map(env),
        },
      ],
    });
    expect(toShadowPodSpec(pod).pod.containers[0]?.env?.map((e) => e.value ?? e.valueFrom)).toEqual([
      "shop",
      "u1",
      "west",
      "default",
      { fieldRef: { fieldPath: "metadata.name" } },
    ]);
  });

  it("finds every ConfigMap and Secret a pod refers to", () => {
    const pod = bound({
      imagePullSecrets: [{ name: "pull" }],
      initContainers: [
        { name: "i", envFrom: [{ configMapRef: { name: "cm1" } }, { secretRef: { name: "s1" } }] },
      ],
      containers: [
        {
          name: "c",
          env: [
            { name: "A", valueFrom: { configMapKeyRef: { name: "cm2", key: "k" } } },
            { name: "B", valueFrom: { secretKeyRef: { name: "s2", key: "k" } } },
          ],
        },
      ],
      volumes: [
        { name: "a", configMap: { name: "cm3" } },
        { name: "b", secret: { secretName: "s3" } },
        { name: "c", projected: { sources: [{ configMap: { name: "cm4" } }, { secret: { name: "s4" } }] } },
      ],
    });
    expect(references(pod.spec!)).toEqual({
      configMaps: new Set(["cm1", "cm2", "cm3", "cm4"]),
      secrets: new Set(["pull", "s1", "s2", "s3", "s4"]),
      tokens: [],
    });
  });

  it("keeps names of token Secrets valid and distinct", () => {
    const [a, b] = [tokenSecretName("a".repeat(253)), tokenSecretName(`${"a".repeat(252)}b`)];
    expect(a.length).toBeLessThanOrEqual(253);
    expect(a).not.toBe(b);
  });
});

describe("forwardedHash", () => {
  it("changes with an image, a label or an annotation, and with nothing else", () => {
    const base = forwardedHash(bound());
    expect(forwardedHash(bound({ containers: [{ name: "c", image: "img:2" }] }))).not.toBe(base);
    expect(forwardedHash(bound({}, { labels: { app: "other" } }))).not.toBe(base);
    expect(forwardedHash(bound({}, { annotations: { a: "b" } }))).not.toBe(base);
    expect(
      forwardedHash(
        bound({ tolerations: [] }, { resourceVersion: "7", annotations: { "tideway.dev/x": "y" } }),
      ),
    ).toBe(base);
  });
});

describe("toPod", () => {
  const origin = { clusterID: "cid", peer: "east" };
  const crossed = toPod(
    {
      metadata: { name: "web-0", namespace: "tideway-east--shop", uid: "s1" },
      spec: toShadowPodSpec(bound()),
    },
    origin,
  );

  it("gives a foreign pod neither token nor services of the provider", () => {
    expect(crossed.spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  });

  it("keeps a foreign pod on the nodes of its pool, whatever else is forced or asked", () => {
    const shadow = {
      metadata: { name: "web-0" },
      spec: {
        ...toShadowPodSpec(bound({ nodeSelector: { tier: "gold" } })),
        pool: "gpu",
      },
    };
    const nodes = [
      { all: [{ key: "gpu", operator: "In", values: ["yes"] }] },
      { all: [{ key: "gpu", operator: "In", values: ["old"] }] },
    ];
    const pod = toPod(shadow, { ...origin, nodes });
    const never = { key: "tideway.dev/virtual-node", operator: "DoesNotExist" };
    expect(pod.metadata.labels).toMatchObject({ "tideway.dev/pool": "gpu" });
    expect(pod.spec?.nodeSelector).toBeUndefined();
    expect(pod.spec?.affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: nodes.map(({ all }) => ({ matchExpressions: [never, ...all] })),
        },
      },
    });
  });
  it("never lets a foreign pod on a node that stands for a third cluster, whatever the consumer asks", () => {
    const off = [{ matchExpressions: [{ key: "tideway.dev/virtual-node", operator: "DoesNotExist" }] }];
    const hostile = {
      ...toShadowPodSpec(bound()),
      pod: {
        containers: [],
        tolerations: [{ operator: "Exists" }],
        nodeSelector: { "tideway.dev/virtual-node": "true" },
        affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
      },
    } as unknown as ShadowPodLike["spec"];
    for (const spec of [toShadowPodSpec(bound()), hostile]) {
      const made = toPod({ metadata: { name: "p" }, spec }, origin).spec;
      expect(made?.affinity).toEqual({
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: off } },
      });
      expect([made?.tolerations, made?.nodeSelector]).toEqual([undefined, undefined]);
    }
  });

  it("keeps the pod to the regions that its data may lie in, beside what is forced upon it", () => {
    const spec = toShadowPodSpec(bound(), { regions: ["eu-1", "eu-2"] });
    const [term] =
      toPod({ metadata: { name: "p" }, spec }, origin).spec?.affinity?.nodeAffinity
        ?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
    expect(term?.matchExpressions).toEqual([
      { key: "tideway.dev/virtual-node", operator: "DoesNotExist" },
      { key: "topology.kubernetes.io/region", operator: "In", values: ["eu-1", "eu-2"] },
    ]);
  });

  it("marks whose it is, and lets the ShadowPod own it", () => {
    expect(crossed.metadata).toMatchObject({
      labels: { app: "web", "tideway.dev/origin": "cid", "tideway.dev/peer": "east" },
      annotations: { "tideway.dev/origin-uid": "u1" },
      ownerReferences: [{ kind: "ShadowPod", name: "web-0", uid: "s1", controller: true }],
    });
  });

  it("does not let the consumer claim another origin or speak to the provider's platform", () => {
    const spec = {
      ...toShadowPodSpec(bound()),
      podLabels: { "tideway.dev/origin": "other" },
      podAnnotations: {
        "container.apparmor.security.beta.kubernetes.io/c": "unconfined",
        "prometheus.io/scrape": "true",
      },
    };
    const pod = toPod({ metadata: { name: "p" }, spec }, origin);
    expect(pod.metadata.labels?.["tideway.dev/origin"]).toBe("cid");
    expect(pod.metadata.annotations).toEqual({
      "prometheus.io/scrape": "true",
      "tideway.dev/origin-uid": "u1",
    });
  });
});

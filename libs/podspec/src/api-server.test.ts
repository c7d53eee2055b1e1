import type { Pod } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { refusals } from "./refusals.ts";
import { references, tokenSecretName } from "./references.ts";
import { toShadowPodSpec } from "./to-shadow.ts";

const pod: Pod = {
  metadata: {
    name: "op",
    namespace: "shop",
    uid: "u",
    annotations: { "tideway.dev/api-server": "consumer" },
  },
  spec: {
    hostAliases: [{ ip: "10.0.0.1", hostnames: ["a"] }],
    containers: [
      {
        name: "c",
        image: "i",
        env: [{ name: "KUBERNETES_SERVICE_PORT", value: "1" }],
        volumeMounts: [
          { name: "kube-api-access-x", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
        ],
      },
    ],
    initContainers: [{ name: "i", image: "i" }],
    volumes: [
      {
        name: "kube-api-access-x",
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            {
              downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] },
            },
          ],
        },
      },
    ],
  },
};
const access = { addresses: ["10.62.0.4", "10.62.0.5"], port: 6443 };

describe("a pod that talks to the consumer's API server", () => {
  const { pod: spec } = toShadowPodSpec(pod, { apiServer: access });
  it("finds it by name and port, in every container, unless that says otherwise", () => {
    expect(spec.hostAliases?.map((h) => h.ip)).toEqual(["10.0.0.1", "10.62.0.4", "10.62.0.5"]);
    expect(spec.hostAliases?.[1]?.hostnames?.[0]).toBe("kubernetes.default.svc");
    const env = (c: { env?: { name: string; value?: string }[] } | undefined) =>
      Object.fromEntries((c?.env ?? []).map((e) => [e.name, e.value]));
    expect(env(spec.initContainers?.[0])).toEqual({
      KUBERNETES_SERVICE_HOST: "kubernetes.default.svc",
      KUBERNETES_SERVICE_PORT: "6443",
      KUBERNETES_SERVICE_PORT_HTTPS: "6443",
    });
    expect(env(spec.containers[0])["KUBERNETES_SERVICE_PORT"]).toBe("1");
  });
  it("has the default token volume, filled from home", () => {
    const secret = tokenSecretName("op");
    expect(spec.volumes?.[0]?.projected?.sources).toEqual([
      { secret: { name: secret, items: [{ key: "kube-api-access-x.0", path: "token" }] } },
      {
        configMap: { name: "tideway-kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] },
      },
      { secret: { name: secret, items: [{ key: "namespace", path: "namespace" }] } },
    ]);
    expect(spec.containers[0]?.volumeMounts).toHaveLength(1);
  });
  it("is taken by the provider as it is", () => expect(refusals(spec)).toEqual([]));
  it("refers to the token and the CA", () => {
    const found = references(pod.spec ?? { containers: [] }, { defaultToken: true });
    expect(found.tokens).toEqual([{ key: "kube-api-access-x.0", expirationSeconds: 3607 }]);
    expect([...found.configMaps]).toEqual(["kube-root-ca.crt"]);
  });
});

it("without a way there a pod has neither token nor address", () => {
  const { pod: spec } = toShadowPodSpec(pod);
  expect(spec.volumes).toBeUndefined();
  expect(spec.hostAliases).toHaveLength(1);
  expect(spec.containers[0]?.env).toHaveLength(1);
  expect(references(pod.spec ?? { containers: [] }).tokens).toEqual([]);
});

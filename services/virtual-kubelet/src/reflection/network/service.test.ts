import type { Service } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { copyOfService, whyNotCopied } from "./service.ts";

const service = (spec: object, metadata: object = {}): Service => ({
  metadata: { name: "web", namespace: "shop", ...metadata },
  spec: { ports: [{ name: "http", port: 80, targetPort: "http", nodePort: 30080 }], ...spec },
});
const specOf = (spec: object) => copyOfService(service(spec))?.spec;

describe("the copy of a Service", () => {
  it("keeps what says who serves and how", () =>
    expect(
      specOf({
        type: "ClusterIP",
        selector: { app: "web" },
        sessionAffinity: "ClientIP",
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
        publishNotReadyAddresses: true,
        internalTrafficPolicy: "Cluster",
        trafficDistribution: "PreferClose",
        ports: [{ name: "g", port: 1, targetPort: 2, protocol: "UDP", appProtocol: "x/y" }],
      }),
    ).toEqual({
      type: "ClusterIP",
      selector: { app: "web" },
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      publishNotReadyAddresses: true,
      internalTrafficPolicy: "Cluster",
      trafficDistribution: "PreferClose",
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "g", port: 1, targetPort: 2, protocol: "UDP", appProtocol: "x/y" }],
    }));

  it.each(["ClusterIP", "NodePort", "LoadBalancer"])("of type %s opens no door", (type) =>
    expect(
      specOf({
        type,
        clusterIP: "10.96.0.9",
        clusterIPs: ["10.96.0.9"],
        externalIPs: ["192.0.2.1"],
        externalTrafficPolicy: "Local",
        healthCheckNodePort: 31000,
        loadBalancerIP: "192.0.2.2",
        loadBalancerClass: "x",
        loadBalancerSourceRanges: ["0.0.0.0/0"],
        allocateLoadBalancerNodePorts: true,
        ipFamilies: ["IPv6"],
      }),
    ).toEqual({
      type: "ClusterIP",
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "http", port: 80, targetPort: "http" }],
    }),
  );

  it("stays headless", () => expect(specOf({ clusterIP: "None" })?.clusterIP).toBe("None"));

  it("stays a name", () =>
    expect(
      specOf({ type: "ExternalName", externalName: "db.example.com", ports: [], selector: { a: "b" } }),
    ).toEqual({ type: "ExternalName", externalName: "db.example.com" }));

  it.each(["web.prod.svc", "web.prod.svc.cluster.local", "localhost", "a.localhost", "x.cluster.local."])(
    "is not made for the name %s inside this cluster",
    (externalName) => {
      const s = service({ type: "ExternalName", externalName });
      expect(copyOfService(s)).toBeUndefined();
      expect(whyNotCopied(s)).toContain(externalName);
    },
  );
  it.each(["localhost.example.com", "my-svc", "cluster.local.example.com"])(
    "is made for the name %s outside",
    (externalName) => expect(specOf({ type: "ExternalName", externalName })?.externalName).toBe(externalName),
  );

  it("is never made of the API server", () =>
    expect(copyOfService(service({}, { name: "kubernetes", namespace: "default" }))).toBeUndefined());

  it("has the labels of others, not ours", () =>
    expect(
      copyOfService(
        service({}, { labels: { app: "web", "tideway.dev/origin": "x", "a.tideway.dev/b": "c" } }),
      )?.labels,
    ).toEqual({ app: "web" }));
});

import type { Ingress } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { copyOfIngress, mapClass } from "./ingress.ts";

const classes = [
  { from: "nginx", to: "public" },
  { from: "inner", to: "-" },
];

describe("the class of an Ingress", () => {
  it.each([
    ["is mapped", "nginx", classes, "public"],
    ["keeps the Ingress here", "inner", classes, undefined],
    ["is the provider's default where the map does not say it", "traefik", classes, ""],
    ["is the provider's default without a map", "nginx", [], ""],
    ["is the provider's default where there is none", undefined, classes, ""],
    ["is what the rest is mapped to", "traefik", [...classes, { from: "*", to: "all" }], "all"],
    ["is mapped before the rest", "nginx", [{ from: "*", to: "-" }, ...classes], "public"],
  ])("%s", (_what, name, map, to) => expect(mapClass(name, map)).toBe(to));
});

describe("the copy of an Ingress", () => {
  const ingress: Ingress = {
    metadata: {
      name: "web",
      labels: { app: "web", "tideway.dev/x": "y" },
      annotations: {
        "kubernetes.io/ingress.class": "nginx",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "nginx.ingress.kubernetes.io/rewrite-target": "/",
        "nginx.ingress.kubernetes.io/server-snippet": "x",
      },
    },
    spec: { rules: [{ host: "shop.example" }], tls: [{ secretName: "cert" }] },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  };
  it("has rules, TLS, labels and the words for the controller, less its configuration", () =>
    expect(copyOfIngress(ingress, [])).toEqual({
      labels: { app: "web" },
      annotations: { "nginx.ingress.kubernetes.io/rewrite-target": "/" },
      spec: { rules: [{ host: "shop.example" }], tls: [{ secretName: "cert" }] },
    }));
  it("finds its class in the old annotation too", () =>
    expect(copyOfIngress(ingress, classes)?.spec.ingressClassName).toBe("public"));
});

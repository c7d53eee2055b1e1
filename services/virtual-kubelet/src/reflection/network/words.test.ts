import { describe, expect, it } from "vitest";
import { ingressWord, refusedWord, serviceWord } from "./words.ts";

const service = (externalName: string, name = "db", namespace = "shop") => ({
  metadata: { name, namespace },
  spec: { type: "ExternalName", externalName },
});
const ingress = (ingressClassName?: string) => ({
  metadata: { name: "web" },
  spec: ingressClassName === undefined ? {} : { ingressClassName },
});
const classes = [{ from: "inner", to: "-" }];

describe("what the owner of an object is told", () => {
  it("is nothing where all is well", () => {
    expect(serviceWord(service("db.example.com"), "west")).toBeUndefined();
    expect(ingressWord(ingress("nginx"), classes, "west")).toBeUndefined();
    expect(ingressWord(ingress(), classes, "west")).toBeUndefined();
  });
  it("is nothing of the API server's own Service", () =>
    expect(serviceWord(service("x", "kubernetes", "default"), "west")).toBeUndefined());
  it("is the reason and the next step", () => {
    expect(serviceWord(service("a.svc"), "west")?.message).toMatch(/not at west: a\.svc is .*; name a host/);
    expect(ingressWord(ingress(), [{ from: "*", to: "-" }], "west")?.message).toMatch(/Ingresses without a/);
  });
  it("is the provider's reason without the request", () =>
    expect(refusedWord("POST https://10.0.0.1:6443/api/v1/x: no such class", "west").message).toBe(
      "west refuses it: no such class; change it so that west takes it, or ask the owner of west to allow it",
    ));
});

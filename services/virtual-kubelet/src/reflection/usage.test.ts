import type { Pod } from "@tideway/k8s";
import { describe, expect, it } from "vitest";
import { renewalTime } from "./tokens.ts";
import { createUsage } from "./usage.ts";

const pod = (uid: string, configMap: string): Pod => ({
  metadata: { name: "p", namespace: "shop", uid },
  spec: { containers: [{ name: "c", envFrom: [{ configMapRef: { name: configMap } }] }] },
});

describe("what is in use", () => {
  it("is what the pods there refer to, until the last of them is gone", () => {
    const usage = createUsage();
    expect(usage.update("shop/a", pod("1", "conf"))).toEqual(["configmaps/shop/conf"]);
    usage.update("shop/b", pod("2", "conf"));
    usage.update("shop/a", undefined);
    expect(usage.isUsed("configmaps/shop/conf")).toBe(true);
    expect(usage.update("shop/b", undefined)).toEqual(["configmaps/shop/conf"]);
    expect(usage.isUsed("configmaps/shop/conf")).toBe(false);
  });
  it("follows a pod of the same name that refers to something else", () => {
    const usage = createUsage();
    usage.update("shop/a", pod("1", "old"));
    expect(usage.update("shop/a", pod("2", "new"))).toEqual(["configmaps/shop/old", "configmaps/shop/new"]);
    expect([usage.isUsed("configmaps/shop/old"), usage.isUsed("configmaps/shop/new")]).toEqual([false, true]);
  });
  it("is read once a pod", () => {
    const usage = createUsage();
    usage.update("shop/a", pod("1", "conf"));
    expect(usage.update("shop/a", pod("1", "conf"))).toEqual([]);
  });
});

it("tokens are renewed at four fifths of the shortest life", () =>
  expect(renewalTime(1_000, [11_000, 6_000])).toBe(5_000));

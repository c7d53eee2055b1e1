import { describe, expect, it } from "vitest";
import { refusedImage, repositoryOf } from "./images.ts";
import { policyRefusals, withDefaults } from "./policy.ts";

const DIGEST = `@sha256:${"a".repeat(64)}`;

describe("an image's repository", () => {
  it.each<[string, string | undefined]>([
    ["nginx", "docker.io/library/nginx"],
    ["nginx:1.27", "docker.io/library/nginx"],
    ["bitnami/redis:7", "docker.io/bitnami/redis"],
    [`nginx${DIGEST}`, "docker.io/library/nginx"],
    [`nginx:1${DIGEST}`, "docker.io/library/nginx"],
    ["index.docker.io/library/nginx", "docker.io/library/nginx"],
    ["registry-1.docker.io/nginx", "docker.io/library/nginx"],
    ["DOCKER.IO/library/nginx", "docker.io/library/nginx"],
    ["registry.example:5000/team/app:2", "registry.example:5000/team/app"],
    ["localhost/app", "localhost/app"],
    ["registry.example/../secret", undefined],
    ["registry.example//app", undefined],
    ["registry.example/app name", undefined],
    ["http://registry.example/app", undefined],
    ["Nginx", undefined],
    ["", undefined],
  ])("%s is %s", (image, repository) => expect(repositoryOf(image)).toBe(repository));
});

describe("an image", () => {
  const rules = {
    allow: ["registry.example/team", "*.trusted.example", "docker.io/library/nginx"],
    deny: ["registry.example/team/old", "bad.trusted.example"],
  };
  it.each<[string, string | undefined]>([
    ["registry.example/team/app:1", undefined],
    ["registry.example/team", undefined],
    ["nginx:1", undefined],
    ["eu.trusted.example/x", undefined],
    ["registry.example/team/old/app", "images.deny[0]"],
    ["bad.trusted.example/x", "images.deny[1]"],
    ["registry.example/teammate/app", "images.allow"],
    ["registry.example.evil.example/team/app", "images.allow"],
    ["trusted.example/x", "images.allow"],
    ["docker.io/library/nginx-evil", "images.allow"],
    ["no image", "images"],
  ])("%s: %s", (image, rule) => expect(refusedImage(rules, image)?.rule).toBe(rule));
  it("needs a digest where that is asked", () => {
    expect(refusedImage({ requireDigest: true }, "nginx:1")?.rule).toBe("images.requireDigest");
    expect(refusedImage({ requireDigest: true }, `nginx:1${DIGEST}`)).toBeUndefined();
    expect(refusedImage({ requireDigest: true }, "nginx@sha256:abc")?.rule).toBe("images.requireDigest");
  });
  it("is looked at wherever a node would pull it, and the refusal names field, rule and policy", () => {
    const spec = {
      containers: [{ name: "c", image: "nginx" }],
      initContainers: [{ name: "i", image: "nginx" }],
      volumes: [{ name: "v", image: { reference: "nginx" } }],
    };
    const found = policyRefusals({ images: { deny: ["docker.io"] } }, "default", spec);
    expect(found.map((r) => r.field)).toEqual([
      "initContainers[0].image",
      "containers[0].image",
      "volumes[0].image.reference",
    ]);
    expect(found[0]?.message).toContain("rule images.deny[0] of WorkloadPolicy default");
  });
});

describe("what a container does not say", () => {
  const rules = {
    containers: { defaultRequests: { cpu: "10m", memory: "32Mi" }, defaultLimits: { cpu: 1 } },
  };
  it.each<[string, object | undefined, object]>([
    ["is the default", undefined, { requests: { cpu: "10m", memory: "32Mi" }, limits: { cpu: "1" } }],
    [
      "beside what it says",
      { requests: { cpu: "2" } },
      { requests: { cpu: "2", memory: "32Mi" }, limits: { cpu: "2" } },
    ],
    [
      "is its own limit where it has one",
      { limits: { cpu: "5m", memory: "1Gi" } },
      { limits: { cpu: "5m", memory: "1Gi" } },
    ],
  ])("%s", (_what, resources, want) => {
    const container = { name: "c", ...(resources ? { resources } : {}) };
    const { containers, initContainers } = withDefaults(rules, {
      containers: [container],
      initContainers: [container],
    });
    expect(containers[0]?.resources).toEqual(want);
    expect(initContainers?.[0]?.resources).toEqual(want);
  });
  it("stays unsaid without defaults", () => {
    const spec = { containers: [{ name: "c" }] };
    expect(withDefaults({}, spec)).toBe(spec);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInvalid, isUnavailable } from "@tideway/errors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contextsOf, fromKubeconfig, loadCredentials } from "./kubeconfig.ts";

let dir: string;
beforeAll(() => (dir = mkdtempSync(join(tmpdir(), "kubeconfig-"))));
afterAll(() => rmSync(dir, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
};

const config = (cluster: string, user: string, more = ""): string => `
apiVersion: v1
kind: Config
current-context: ${cluster}
contexts: [{ name: ${cluster}, context: { cluster: ${cluster}, user: me-${cluster}, namespace: here } }]
clusters: [{ name: ${cluster}, cluster: { server: "https://${cluster}:6443"${more} } }]
users: [{ name: me-${cluster}, user: ${user} }]
`;

describe("a kubeconfig", () => {
  test("gives server, namespace, token and certificates, the latter also from files beside it", async () => {
    file("ca.pem", "CA");
    const path = file(
      "a",
      config("east", `{ token: t, client-key-data: ${btoa("KEY")} }`, ", certificate-authority: ca.pem"),
    );
    const c = loadCredentials({}, { kubeconfig: path });
    expect(c).toMatchObject({ server: "https://east:6443", namespace: "here", ca: "CA", key: "KEY" });
    expect(await c.token?.()).toBe("t");
  });

  test("of several files the first current-context wins, any context can be chosen, missing files are passed over", () => {
    const KUBECONFIG = [
      join(dir, "none"),
      file("e", config("east", "{}")),
      file("w", config("west", "{}")),
    ].join(":");
    expect(loadCredentials({ KUBECONFIG }).server).toBe("https://east:6443");
    expect(loadCredentials({ KUBECONFIG }, { context: "west" }).server).toBe("https://west:6443");
    expect(contextsOf({ KUBECONFIG })).toEqual(["east", "west"]);
  });

  test("--kubeconfig goes before KUBECONFIG", () => {
    const kubeconfig = file("w2", config("west", "{}"));
    expect(loadCredentials({ KUBECONFIG: join(dir, "none") }, { kubeconfig }).server).toBe(
      "https://west:6443",
    );
  });

  test("an unknown context is refused with those there are", () => {
    expect(() => fromKubeconfig(file("x", config("east", "{}")), "north")).toThrow(
      /no context "north" \(it has: east\)/,
    );
  });

  test("a file that cannot be read is named", () => {
    expect(() => loadCredentials({}, { kubeconfig: join(dir, "none") })).toThrow(/none cannot be read/);
  });

  test("an auth-provider plugin is refused by name", () => {
    const path = file("ap", config("east", "{ auth-provider: { name: gcp } }"));
    expect(() => fromKubeconfig(path)).toThrow(/auth-provider/);
  });
});

describe("a credential plugin", () => {
  const plugin = (script: string): string =>
    `{ exec: { command: /bin/sh, args: ["-c", ${JSON.stringify(script)}], env: [{ name: WHO, value: me }] } }`;
  const tokenFrom = (script: string): (() => Promise<string>) => {
    const c = fromKubeconfig(file("exec", config("east", plugin(script))), undefined, {
      PATH: process.env.PATH,
    });
    return async () => (await c.token?.()) ?? "";
  };

  test("is asked once for a token without an end, with its environment", async () => {
    const count = join(dir, "count");
    const token = tokenFrom(
      `echo x >> ${count}; printf '{"status":{"token":"%s-%s"}}' $WHO $(wc -l < ${count})`,
    );
    expect(await Promise.all([token(), token()])).toEqual(["me-1", "me-1"]);
    expect(await token()).toBe("me-1");
  });

  test("is asked again when the token is about to expire", async () => {
    const count = join(dir, "count2");
    const token = tokenFrom(
      `echo x >> ${count}; printf '{"status":{"token":"%s","expirationTimestamp":"2020-01-01T00:00:00Z"}}' $(wc -l < ${count})`,
    );
    expect(await token()).toBe("1");
    expect(await token()).toBe("2");
  });

  test("that fails is unavailable, one that answers nonsense is invalid", async () => {
    await expect(tokenFrom("exit 3")()).rejects.toSatisfy(isUnavailable);
    await expect(tokenFrom("echo hello")()).rejects.toSatisfy(isInvalid);
    await expect(tokenFrom(`echo '{"status":{}}'`)()).rejects.toThrow(/without a token/);
  });
});

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiServer, startApiServer } from "./api-server.ts";
import { startNats } from "./nats.ts";
import { until } from "./wait.ts";

const exec = promisify(execFile);
let api: ApiServer;
let other: ApiServer;

beforeAll(async () => {
  [api, other] = await Promise.all([
    startApiServer({ name: "signing", controllerManager: true }),
    startApiServer(),
  ]);
});
afterAll(() => Promise.all([api.stop(), other.stop()]));

describe("the light API server", () => {
  it("signs a certificate that lives ten minutes", async () => {
    const dir = dirname(api.kubeconfig);
    const csr = join(dir, "c.csr");
    await exec("openssl", [
      "req",
      "-new",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-keyout",
      join(dir, "c.key"),
      "-out",
      csr,
      "-subj",
      "/O=group/CN=someone",
    ]);
    const request = (await exec("base64", ["-w0", csr])).stdout;
    const file = join(dir, "csr.json");
    const spec = {
      request,
      signerName: "kubernetes.io/kube-apiserver-client",
      expirationSeconds: 600,
      usages: ["client auth"],
    };
    const { writeFile } = await import("node:fs/promises");
    await writeFile(
      file,
      JSON.stringify({
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name: "c" },
        spec,
      }),
    );
    await api.kubectl("create", "-f", file);
    await api.kubectl("certificate", "approve", "c");
    const certificate = await until(
      async () => (await api.kubectl("get", "csr", "c", "-o", "jsonpath={.status.certificate}")) || undefined,
      { what: "the certificate" },
    );
    await writeFile(join(dir, "c.crt"), Buffer.from(certificate, "base64"));
    await expect(
      exec("openssl", ["x509", "-in", join(dir, "c.crt"), "-noout", "-checkend", "660"]),
    ).rejects.toThrow();
    await exec("openssl", ["x509", "-in", join(dir, "c.crt"), "-noout", "-checkend", "240"]);
  });

  it("keeps its data and its address through a crash", async () => {
    await api.kubectl("create", "configmap", "kept");
    await api.kill();
    await expect(api.kubectl("get", "configmap", "kept")).rejects.toThrow();
    await api.start();
    await expect(api.kubectl("get", "configmap", "kept", "-o", "name")).resolves.toContain("kept");
  });

  it("shares nothing with another one", async () => {
    await api.kubectl("create", "configmap", "mine");
    await expect(other.kubectl("get", "configmap", "mine")).rejects.toThrow("NotFound");
  });

  it("leaves no directory behind", async () => {
    const brief = await startApiServer({ name: "brief" });
    await brief.stop();
    expect(existsSync(dirname(brief.kubeconfig))).toBe(false);
  });
});

describe("nats-server", () => {
  it("comes back on the same port after a crash", async () => {
    const nats = await startNats();
    const url = nats.url;
    await nats.kill();
    await nats.start({ wipe: true });
    expect(nats.url).toBe(url);
    await nats.stop();
  });

  it("says what is wrong with its configuration", async () => {
    await expect(startNats({ config: "no such thing {" })).rejects.toThrow(/nats-server ended/);
  });
});

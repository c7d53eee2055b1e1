import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { events, ingresses, namespaces } from "@tideway/k8s";
import { tideway } from "@tideway/platform";
import { makeAuthority, makeCertificate, startIngress, stopIngress, until } from "@tideway/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureConnected, PORT, probe, readyPod } from "./fabric.ts";
import { ask, isNothing, serves, servesNothing } from "./front-door.ts";
import { apply, dropNamespace, east, offloadedNamespace, type Side, west } from "./world.ts";

/**
 * Both clusters have an Ingress controller that was not written here (Contour and Envoy). East calls the class of its own
 * `home`, west the one that it opens to peers `edge`, and east's users say `public` when they mean it. All pods are on west.
 */

const NS = "doors";
const SHOP = "shop.example.org";
const API = "api.example.org";
let twin: string;
let pki: string;

interface Door {
  name?: string;
  className?: string;
  host?: string;
  /** Path -> Service. */
  paths?: Record<string, string>;
  /** Name of the Secret. */
  tls?: string;
  annotations?: Record<string, string>;
}
const door = (d: Door): object => {
  const { name = "shop", className = "public", host = SHOP, paths = { "/": "front" } } = d;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: NS, annotations: d.annotations ?? {} },
    spec: {
      ingressClassName: className,
      ...(d.tls ? { tls: [{ hosts: [host], secretName: d.tls }] } : {}),
      rules: [
        {
          host,
          http: {
            paths: Object.entries(paths).map(([path, service]) => ({
              path,
              pathType: "Prefix",
              backend: { service: { name: service, port: { name: "http" } } },
            })),
          },
        },
      ],
    },
  };
};
const service = (name: string): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: NS },
  spec: { selector: { app: name }, ports: [{ name: "http", port: 80, targetPort: PORT }] },
});
const open = (s: Side, data: object): Promise<string> =>
  s.cluster.kubectl(
    ...["-n", "tideway-system", "patch", "configmap", "tideway-peer-ingress-classes", "--type=merge"],
    ...["-p", JSON.stringify({ data })],
  );
const map = (ingressClasses: object[] | null): Promise<string> =>
  east.cluster.kubectl(
    ...["patch", "virtualnodes.offloading.tideway.dev", "west", "--type=merge"],
    ...["-p", JSON.stringify({ spec: { ingressClasses } })],
  );
const addressOf = async (name: string): Promise<string | undefined> =>
  (await east.kube.find(ingresses, name, NS))?.status?.loadBalancer?.ingress?.[0]?.ip;

/** A certificate for the host, in a Secret of the namespace at home; gives its fingerprint. */
const certificate = async (secret: string, host: string): Promise<string> => {
  await makeCertificate(pki, { name: secret, commonName: host, names: [`DNS:${host}`] });
  const [cert, key] = ["crt", "key"].map((end) => join(pki, `${secret}.${end}`)) as [string, string];
  await east.cluster.kubectl("-n", NS, "create", "secret", "tls", secret, `--cert=${cert}`, `--key=${key}`);
  return new X509Certificate(readFileSync(cert)).fingerprint256;
};

beforeAll(async () => {
  pki = mkdtempSync(join(tmpdir(), "tideway-doors-"));
  await Promise.all([
    ensureConnected(),
    makeAuthority(pki, "ca", "doors"),
    startIngress(west.cluster, { className: "edge" }),
    startIngress(east.cluster, { className: "home" }),
  ]);
  twin = await offloadedNamespace(NS);
  await open(west, { classes: "edge", hosts: "*.example.org" });
  await map([
    { from: "public", to: "edge" },
    { from: "*", to: "-" },
  ]);
  for (const name of ["front", "back"]) {
    await apply(east.cluster, service(name));
    await apply(east.cluster, probe({ name, namespace: NS, hostname: "west" }));
  }
  await Promise.all(["front", "back"].map((name) => readyPod(east, NS, name)));
}, 300_000);
afterAll(async () => {
  rmSync(pki, { recursive: true, force: true });
  await map(null);
  await open(west, { classes: "", hosts: "" });
  await Promise.all([dropNamespace(NS), stopIngress(west.cluster), stopIngress(east.cluster)]);
}, 180_000);

describe("an Ingress of a class that is mapped to one of the provider's", () => {
  it("is served by the provider's controller, by host and path", async () => {
    await apply(east.cluster, door({ paths: { "/": "front", "/back": "back" } }));
    await apply(east.cluster, door({ name: "api", host: API, paths: { "/": "back" } }));
    await serves(west, SHOP, "/", "front");
    await serves(west, SHOP, "/back/x", "back");
    await serves(west, API, "/", "back");
    expect((await ask(west, "other.example.org", "/")).status).toBe(404);
  });

  it("shows at home where it is served", async () => {
    await until(async () => (await addressOf("shop")) === west.cluster.nodeAddress, {
      what: "west's address in the status",
    });
  });

  it("is nobody's business at home", async () => {
    expect(await isNothing(east, SHOP, "/")).toBe(true);
  });

  it("follows a change of path and of host", async () => {
    await apply(east.cluster, door({ paths: { "/": "back", "/front": "front" } }));
    await serves(west, SHOP, "/", "back");
    await serves(west, SHOP, "/front", "front");
    await apply(east.cluster, door({ host: `new-${SHOP}` }));
    await serves(west, `new-${SHOP}`, "/", "front");
    await servesNothing(west, SHOP, "/");
  });

  it("follows its pods", async () => {
    await east.cluster.kubectl("-n", NS, "delete", "pod", "back", "--grace-period=0");
    await until(async () => (await ask(west, API, "/")).status === 503, { what: "no pod behind the door" });
    await apply(east.cluster, probe({ name: "back", namespace: NS, hostname: "west" }));
    await serves(west, API, "/", "back");
  });

  it("is served with the certificate of its Secret at home, and with the renewed one", async () => {
    const ca = readFileSync(join(pki, "ca.crt"), "utf8");
    const first = await certificate("first", SHOP);
    await apply(east.cluster, door({ tls: "first" }));
    await serves(west, SHOP, "/", "front", { ca, fingerprint: first });
    const renewed = await certificate("renewed", SHOP);
    const { data } = JSON.parse(
      await east.cluster.kubectl("-n", NS, "get", "secret", "renewed", "-o", "json"),
    ) as { data: object };
    const change = JSON.stringify({ data });
    await east.cluster.kubectl("-n", NS, "patch", "secret", "first", "--type=merge", "-p", change);
    await serves(west, SHOP, "/", "front", { ca, fingerprint: renewed });
  });

  it("brings the words for the controller along", async () => {
    const annotations = { "ingress.kubernetes.io/force-ssl-redirect": "true" };
    await apply(east.cluster, door({ tls: "first", annotations }));
    await until(async () => (await ask(west, SHOP, "/")).status === 301, { what: "sent on to https" });
  });

  it("is served no more when it is deleted", async () => {
    await east.cluster.kubectl("-n", NS, "delete", "ingress", "shop");
    await servesNothing(west, SHOP, "/");
    await serves(west, API, "/", "back");
  });
});

describe("an Ingress that claims a host which is not the peer's", () => {
  it("is not made at the provider, and its owner is told which host", async () => {
    const host = "www.owner.example";
    await apply(east.cluster, door({ name: "greedy", host }));
    const told = await until(
      async () => {
        const fieldSelector = "involvedObject.kind=Ingress,involvedObject.name=greedy";
        return (await east.kube.list(events, { namespace: NS, fieldSelector })).at(0);
      },
      { what: "an Event at the Ingress" },
    );
    expect(told.reason).toBe("ReflectionRefused");
    expect(told.message).toContain(`host ${host} is not open to peer east`);
    expect(await west.kube.find(ingresses, "greedy", twin)).toBeUndefined();
    expect(await isNothing(west, host, "/")).toBe(true);
  });
});

describe("an Ingress of the consumer's own controller", () => {
  it("is served at home by pods on the provider, and stays there", async () => {
    await apply(east.cluster, door({ name: "local", className: "home", host: SHOP }));
    await serves(east, SHOP, "/", "front");
    expect(await west.kube.find(ingresses, "local", twin)).toBeUndefined();
    await until(async () => (await addressOf("local")) === east.cluster.nodeAddress, {
      what: "east's address in the status",
    });
  });
});

describe("the end of the offloading", () => {
  it("ends what the provider serves", async () => {
    await serves(west, API, "/", "back");
    // a younger one is left to Kubernetes, at its own pace (ADR 0011)
    const { creationTimestamp = "" } = (await west.kube.get(namespaces, twin)).metadata;
    await until(() => Promise.resolve(Date.now() - Date.parse(String(creationTimestamp)) > 11_000), {
      what: `${twin} to be older than ten seconds`,
    });
    await tideway(east.cluster, "unoffload", "namespace", NS, "--wait", "--timeout", "60s");
    await servesNothing(west, API, "/");
    expect(await addressOf("api")).toBeUndefined();
    expect(await addressOf("local")).toBe(east.cluster.nodeAddress); // its own controller's word
  });
});

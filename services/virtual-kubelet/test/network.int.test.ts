import { shadowEndpointSlices, virtualNodes } from "@tideway/api";
import {
  configMaps,
  type EndpointSlice,
  endpointSlices,
  events,
  informer,
  ingresses,
  type KubeObject,
  type Pod,
  pods,
  resource,
  secrets,
  type Service,
  services,
} from "@tideway/k8s";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EAST, startWorld, WEST, type World } from "./world.ts";

let w: World;
let twin: string;
const NS = "net";

beforeAll(async () => {
  w = await startWorld();
  await w.peered();
  twin = await w.offload(NS);
}, 120_000);
afterAll(() => w?.stop(), 60_000);

const pod = (name: string): Pod => ({
  metadata: { name, namespace: NS, labels: { app: "web" } },
  spec: {
    nodeName: "west",
    automountServiceAccountToken: false,
    tolerations: [{ key: "tideway.dev/virtual-node", operator: "Exists" }],
    containers: [{ name: "c", image: "img:1" }],
  },
});
const running = (podIP: string) => ({
  phase: "Running",
  startTime: "2026-01-01T00:00:00Z",
  podIP,
  podIPs: [{ ip: podIP }],
  hostIP: "10.9.9.9",
  hostIPs: [{ ip: "10.9.9.9" }],
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:01Z" }],
});
const service = (name: string, spec: object = {}): Service => ({
  metadata: { name, namespace: NS, labels: { team: "a" }, annotations: { "lb.example/pool": "x" } },
  spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }], ...spec },
});
const slice = (
  name: string,
  of: string,
  endpoints: NonNullable<EndpointSlice["endpoints"]>,
): EndpointSlice => ({
  metadata: { name, namespace: NS, labels: { "kubernetes.io/service-name": of } },
  addressType: "IPv4",
  endpoints,
  ports: [
    { name: "http", port: 8080, protocol: "TCP" },
    { name: "metrics", port: 9090, protocol: "TCP" },
  ],
});
const endpoint = (address: string, more: object = {}) => ({
  addresses: [address],
  conditions: { ready: true, serving: true, terminating: false },
  ...more,
});
const thereSlice = (name: string) => w.west.kube.find(endpointSlices, `tideway-${name}`, twin);
const addressesOf = (s: EndpointSlice | undefined): string[] =>
  (s?.endpoints ?? []).flatMap((e) => e.addresses);

const policies = resource<KubeObject & { spec: object }>(
  "admissionregistration.k8s.io",
  "v1",
  "validatingadmissionpolicies",
  "ValidatingAdmissionPolicy",
  false,
);
const bindings = resource<KubeObject & { spec: object }>(
  "admissionregistration.k8s.io",
  "v1",
  "validatingadmissionpolicybindings",
  "ValidatingAdmissionPolicyBinding",
  false,
);
const eventsOf = async (kind: string, name: string, reason: string) =>
  (await w.east.kube.list(events, { namespace: NS })).filter(
    (e) => e.involvedObject.kind === kind && e.involvedObject.name === name && e.reason === reason,
  );
/** What the owner of an object is told of it here. */
const toldOf = (kind: string, name: string, reason: string) =>
  w.until(async () => (await eventsOf(kind, name, reason))[0], `the Event ${reason} at ${kind} ${name}`);

describe("before the networks know each other", () => {
  it("a pod shows no address, and a Service is there already", async () => {
    await w.east.kube.create(pods, pod("early"));
    const remote = await w.until(() => w.remote(twin, "early"), "the pod at the provider");
    await w.kubelet(remote, running("10.244.1.5"));
    const local = await w.until(async () => {
      const p = await w.local(NS, "early");
      return p?.status?.phase === "Running" && p;
    }, "Running");
    expect(local.status?.podIP).toBeUndefined();
    await w.east.kube.create(services, service("early"));
    await w.until(() => w.west.kube.find(services, "early", twin), "the Service");
    await w.east.kube.create(endpointSlices, slice("early-1", "early", [endpoint("10.244.2.2")]));
  });

  it("all of it is filled in when they do", async () => {
    await w.networkFact();
    const local = await w.until(async () => {
      const p = await w.local(NS, "early");
      return p?.status?.podIP !== undefined && p;
    }, "the address");
    expect(local.status).toMatchObject({
      podIP: "10.61.1.5",
      podIPs: [{ ip: "10.61.1.5" }],
      hostIP: "127.0.0.1",
      hostIPs: [{ ip: "127.0.0.1" }],
    });
    const s = await w.until(() => thereSlice("early-1"), "the slice");
    expect(addressesOf(s)).toEqual(["10.71.2.2"]);
  });
});

describe("a pod's address", () => {
  it("is written with Running, in the same write, and follows", async () => {
    let writes = 0;
    const watch = informer(w.east.kube, pods, { namespace: NS });
    const stop = new AbortController();
    watch.onChange((key, p) => key === `${NS}/late` && p && writes++);
    watch.start(stop.signal);
    await w.east.kube.create(pods, pod("late"));
    const remote = await w.until(() => w.remote(twin, "late"), "the pod at the provider");
    await w.kubelet(remote, running("10.244.1.6"));
    await w.until(async () => (await w.local(NS, "late"))?.status?.podIP === "10.61.1.6", "the address");
    await w.until(async () => watch.get(`${NS}/late`)?.status?.podIP !== undefined, "the event");
    expect((await w.local(NS, "late"))?.status?.phase).toBe("Running");
    expect(writes).toBe(2); // created, and running with its address
    await w.kubelet(remote, { podIP: "10.244.1.7", podIPs: [{ ip: "10.244.1.7" }] });
    await w.until(async () => (await w.local(NS, "late"))?.status?.podIP === "10.61.1.7", "the new address");
    expect((await w.local(NS, "late"))?.status?.podIPs).toEqual([{ ip: "10.61.1.7" }]);
    stop.abort();
  });
});

describe("a Service", () => {
  it("keeps its selector and ports, and opens no door of the provider", async () => {
    await w.east.kube.create(
      services,
      service("web", {
        type: "NodePort",
        selector: { app: "web" },
        externalIPs: ["192.0.2.1"],
        sessionAffinity: "ClientIP",
        publishNotReadyAddresses: true,
        ports: [
          { name: "http", port: 80, targetPort: "http", appProtocol: "kubernetes.io/h2c" },
          { name: "metrics", port: 90, targetPort: 9090 },
        ],
      }),
    );
    const copy = await w.until(() => w.west.kube.find(services, "web", twin), "the Service");
    expect(copy.metadata.labels).toMatchObject({ team: "a", "tideway.dev/origin": EAST });
    expect(copy.metadata.annotations?.["lb.example/pool"]).toBeUndefined();
    expect(copy.spec).toMatchObject({
      type: "ClusterIP",
      selector: { app: "web" },
      sessionAffinity: "ClientIP",
      publishNotReadyAddresses: true,
      ipFamilyPolicy: "SingleStack",
      ports: [
        { name: "http", port: 80, targetPort: "http", appProtocol: "kubernetes.io/h2c" },
        { name: "metrics", port: 90, targetPort: 9090 },
      ],
    });
    expect(copy.spec?.externalIPs).toBeUndefined();
    expect(copy.spec?.ports?.[0]?.nodePort).toBeUndefined();
  });

  it("follows changes, keeps its address, and goes with its original", async () => {
    const before = await w.west.kube.get(services, "web", twin);
    await w.east.kube.patch(services, "web", NS, { spec: { selector: { app: "other" } } });
    const after = await w.until(async () => {
      const s = await w.west.kube.get(services, "web", twin);
      return s.spec?.selector?.["app"] === "other" && s;
    }, "the new selector");
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.spec?.clusterIP).toBe(before.spec?.clusterIP);
    await w.east.kube.delete(services, "web", NS);
    await w.until(async () => !(await w.west.kube.find(services, "web", twin)), "the copy gone");
  });

  it("stays headless, and is made anew when that changes", async () => {
    await w.east.kube.create(services, service("db", { clusterIP: "None" }));
    await w.until(
      async () => (await w.west.kube.find(services, "db", twin))?.spec?.clusterIP === "None",
      "headless",
    );
    await w.east.kube.delete(services, "db", NS);
    await w.east.kube.create(services, service("db"));
    await w.until(async () => {
      const s = await w.west.kube.find(services, "db", twin);
      return s?.spec?.clusterIP !== undefined && s.spec.clusterIP !== "None";
    }, "with an address");
  });

  it("of type ExternalName crosses, unless it names something inside this cluster", async () => {
    await w.east.kube.create(services, service("in", { type: "ExternalName", externalName: "a.b.svc" }));
    await w.east.kube.create(services, service("ext", { type: "ExternalName", externalName: "example.com" }));
    const copy = await w.until(() => w.west.kube.find(services, "ext", twin), "the Service");
    expect(copy.spec).toMatchObject({ type: "ExternalName", externalName: "example.com" });
    expect(await w.west.kube.find(services, "in", twin)).toBeUndefined();
    const told = await toldOf("Service", "in", "NotReflected");
    expect(told.type).toBe("Warning");
    expect(told.message).toMatch(/not at west: a\.b\.svc is a name inside this cluster; name a host outside/);
  });

  it("whose name the provider's owner uses in the twin is told, and theirs is left alone", async () => {
    await w.west.kube.create(services, {
      metadata: { name: "theirs", namespace: twin },
      spec: { ports: [{ port: 81 }] },
    });
    await w.east.kube.create(services, service("theirs"));
    const told = await toldOf("Service", "theirs", "NameTaken");
    expect(told.message).toMatch(
      /owner has a Service of this name in namespace tideway-east--net.*rename this/,
    );
    expect((await w.west.kube.get(services, "theirs", twin)).spec?.ports?.[0]?.port).toBe(81);
  });

  it("that the provider's policy refuses is told with its words, once, and is there when it may be", async () => {
    const name = { metadata: { name: "no-secrets-of-ours" } };
    const api = "admissionregistration.k8s.io/v1";
    const policy = {
      apiVersion: api,
      kind: "ValidatingAdmissionPolicy",
      ...name,
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["services"] },
          ],
        },
        validations: [
          {
            expression: "object.metadata.name != 'unwelcome'",
            message: "west takes no service called unwelcome",
          },
        ],
      },
    };
    const binding = {
      apiVersion: api,
      kind: "ValidatingAdmissionPolicyBinding",
      ...name,
      spec: { policyName: name.metadata.name, validationActions: ["Deny"] },
    };
    await Promise.all([w.west.kube.create(policies, policy), w.west.kube.create(bindings, binding)]);
    const probe = { metadata: { name: "unwelcome", namespace: "default" }, spec: { ports: [{ port: 80 }] } };
    await w.until(
      () =>
        w.west.kube.create(services, probe).then(
          () => w.west.kube.delete(services, "unwelcome", "default").then(() => false),
          () => true,
        ),
      "the policy in force",
    );
    await w.east.kube.create(services, service("unwelcome"));
    const told = await toldOf("Service", "unwelcome", "ReflectionRefused");
    expect(told.message).toMatch(/^west refuses it: .*west takes no service called unwelcome.*ask the owner/);
    expect(told.message).not.toContain("https://");
    await w.east.kube.patch(services, "unwelcome", NS, { metadata: { labels: { again: "yes" } } });
    await w.west.kube.delete(bindings, name.metadata.name);
    await w.until(async () => {
      const at = String(performance.now());
      await w.east.kube.patch(services, "unwelcome", NS, { metadata: { labels: { again: `t${at}` } } });
      return (await w.west.kube.find(services, "unwelcome", twin)) !== undefined;
    }, "the Service after all");
    expect(await eventsOf("Service", "unwelcome", "ReflectionRefused")).toHaveLength(1);
  });
});

describe("endpoints", () => {
  it("that run elsewhere cross with conditions, zone and names of ports; those of the provider's node do not", async () => {
    await w.east.kube.create(
      endpointSlices,
      slice("mixed-1", "mixed", [
        endpoint("10.244.3.1", {
          zone: "a",
          hostname: "db-0",
          nodeName: "worker",
          targetRef: { kind: "Pod", name: "db-0", namespace: NS },
        }),
        endpoint("10.244.3.2", { conditions: { ready: false, serving: true, terminating: true } }),
        endpoint("10.61.1.5", { nodeName: "west" }),
      ]),
    );
    const s = await w.until(() => thereSlice("mixed-1"), "the slice");
    expect(s.metadata.labels).toMatchObject({
      "kubernetes.io/service-name": "mixed",
      "endpointslice.kubernetes.io/managed-by": "tideway.dev",
    });
    expect(s.endpoints).toEqual([
      { addresses: ["10.71.3.1"], conditions: endpoint("").conditions, hostname: "db-0", zone: "a" },
      { addresses: ["10.71.3.2"], conditions: { ready: false, serving: true, terminating: true } },
    ]);
    expect(s.ports?.map((p) => [p.name, p.port])).toEqual([
      ["http", 8080],
      ["metrics", 9090],
    ]);
    await w.until(async () => {
      const shadow = await w.west.kube.get(shadowEndpointSlices, "mixed-1", twin);
      return shadow.status?.conditions?.[0]?.status === "True" && shadow.status.endpoints === 2;
    }, "Ready");
  });

  it("outside the pod network cross by an external address, given back when unused", async () => {
    await w.east.kube.create(
      endpointSlices,
      slice("out-1", "out", [endpoint("192.168.9.9"), endpoint("10.55.0.3", { nodeName: "north" })]),
    );
    const s = await w.until(() => thereSlice("out-1"), "the slice");
    const external = (address: string): string =>
      (w.mapped.get(`${address} ${WEST} ${NS}`) ?? "").replace("10.70.", "10.72.");
    expect(addressesOf(s)).toEqual([external("192.168.9.9"), external("10.55.0.3")]);
    await w.east.kube.delete(endpointSlices, "out-1", NS);
    await w.until(async () => !(await thereSlice("out-1")), "the slice gone");
    await w.until(async () => w.mapped.size === 0, "the addresses given back");
  });

  it("are restored when somebody changes or deletes the slice over there", async () => {
    await w.west.kube.delete(endpointSlices, "tideway-mixed-1", twin);
    await w.until(async () => addressesOf(await thereSlice("mixed-1")).length === 2, "made again");
  });

  it("of a foreign address are left out with a reason, and the rest is served", async () => {
    await w.west.kube.create(shadowEndpointSlices, {
      metadata: { name: "bad", namespace: twin },
      spec: {
        originUID: "x",
        service: "bad",
        addressType: "IPv4",
        endpoints: [
          { addresses: ["192.168.1.1"] },
          { addresses: ["10.244.9.9"] },
          { addresses: ["nonsense"] },
        ],
      },
    });
    const s = await w.until(() => thereSlice("bad"), "the slice");
    expect(addressesOf(s)).toEqual(["10.71.9.9"]);
    const shadow = await w.until(async () => {
      const x = await w.west.kube.get(shadowEndpointSlices, "bad", twin);
      return x.status?.conditions?.[0] && x;
    }, "a condition");
    expect(shadow.status?.conditions?.[0]).toMatchObject({ status: "False", reason: "AddressRefused" });
    expect(shadow.status?.conditions?.[0]?.message).toContain("192.168.1.1, nonsense: neither in");
  });
});

describe("a slice that Kubernetes does not take", () => {
  it("is told, and not tried again", async () => {
    await w.west.kube.create(shadowEndpointSlices, {
      metadata: { name: "odd", namespace: twin },
      spec: {
        originUID: "x",
        service: "odd",
        addressType: "IPv6",
        endpoints: [{ addresses: ["10.244.9.9"], hostname: "Not A Label" }],
      },
    });
    await w.until(async () => {
      const c = (await w.west.kube.get(shadowEndpointSlices, "odd", twin)).status?.conditions?.[0];
      return c?.status === "False" && c.reason === "SliceInvalid";
    }, "the reason");
    await w.west.kube.delete(shadowEndpointSlices, "odd", twin);
    await w.west.kube.delete(shadowEndpointSlices, "bad", twin);
    await w.until(async () => !(await thereSlice("bad")), "the slice gone with its shadow");
  });
});

describe("an Ingress", () => {
  it("crosses without its class, and by the map where the virtual node has one", async () => {
    const ingress = (name: string, ingressClassName: string) =>
      w.east.kube.create(ingresses, {
        metadata: {
          name,
          namespace: NS,
          annotations: { "nginx.ingress.kubernetes.io/configuration-snippet": "x" },
        },
        spec: {
          ingressClassName,
          defaultBackend: { service: { name: "web", port: { number: 80 } } },
        },
      });
    await ingress("plain", "nginx");
    const copy = await w.until(() => w.west.kube.find(ingresses, "plain", twin), "the Ingress");
    expect(copy.spec?.ingressClassName).toBeUndefined();
    expect(copy.metadata.annotations).not.toHaveProperty("nginx.ingress.kubernetes.io/configuration-snippet");
    await w.east.kube.patch(virtualNodes, "west", undefined, {
      spec: {
        ingressClasses: [
          { from: "nginx", to: "public" },
          { from: "inner", to: "-" },
        ],
      },
    });
    await w.until(
      async () => (await w.west.kube.get(ingresses, "plain", twin)).spec?.ingressClassName === "public",
      "the mapped class",
    );
    await ingress("inner", "inner");
    await ingress("other", "other");
    await w.until(() => w.west.kube.find(ingresses, "other", twin), "the other one");
    expect(await w.west.kube.find(ingresses, "inner", twin)).toBeUndefined();
    const told = await toldOf("Ingress", "inner", "NotReflected");
    expect(told.type).toBe("Normal");
    expect(told.message).toMatch(
      /class inner stay here by spec.ingressClasses of VirtualNode west; map them/,
    );
  });

  it("brings the certificates that it serves with, and no others", async () => {
    const tls = (name: string): Promise<unknown> =>
      w.east.kube.create(secrets, {
        metadata: { name, namespace: NS },
        type: "kubernetes.io/tls",
        data: { "tls.crt": "YQ==", "tls.key": "Yg==" },
      });
    await Promise.all(["shop-cert", "inner-cert", "idle-cert"].map(tls));
    const ingress = (name: string, ingressClassName: string, secretName: string) =>
      w.east.kube.create(ingresses, {
        metadata: { name, namespace: NS },
        spec: {
          ingressClassName,
          tls: [{ hosts: ["shop.example"], secretName }, { hosts: ["default.example"] }],
          defaultBackend: { service: { name: "web", port: { number: 80 } } },
        },
      });
    await ingress("kept", "inner", "inner-cert");
    await ingress("shop", "nginx", "shop-cert");
    const there = (name: string) => w.west.kube.find(secrets, name, twin);
    const copy = await w.until(() => there("shop-cert"), "the certificate");
    expect(copy).toMatchObject({ type: "kubernetes.io/tls", data: { "tls.key": "Yg==" } });
    expect((await w.west.kube.get(ingresses, "shop", twin)).spec?.tls?.[0]?.secretName).toBe("shop-cert");

    await w.east.kube.patch(secrets, "shop-cert", NS, { data: { "tls.key": "Yw==" } });
    await w.until(async () => (await there("shop-cert"))?.data?.["tls.key"] === "Yw==", "the renewed one");
    await w.east.kube.patch(ingresses, "shop", NS, { spec: { tls: [{ secretName: "idle-cert" }] } });
    await w.until(() => there("idle-cert"), "the one that is named now");
    await w.until(async () => !(await there("shop-cert")), "the other one gone");
    expect(await there("inner-cert")).toBeUndefined(); // its Ingress stays here
    await w.restartConsumer();
    await w.until(async () => w.consumer.peers.byPeer(WEST)?.twinNamespace(NS), "the twin known again");
    await w.east.kube.delete(ingresses, "shop", NS);
    await w.until(async () => !(await there("idle-cert")), "gone with its last Ingress");
  });
});

describe("a pod that asks for this cluster's API server", () => {
  it("finds it where the provider reaches it, with the consumer's token, CA and namespace", async () => {
    // the light API server listens on loopback only, which it does not announce
    await w.east.kube.create(endpointSlices, {
      ...slice("kubernetes", "kubernetes", [{ addresses: ["192.168.250.1"] }]),
      metadata: {
        name: "kubernetes",
        namespace: "default",
        labels: { "kubernetes.io/service-name": "kubernetes" },
      },
      ports: [{ name: "https", port: 6443, protocol: "TCP" }],
    });
    const { spec, metadata } = pod("operator");
    const { automountServiceAccountToken: _, ...rest } = spec ?? { containers: [] };
    const annotations = { "tideway.dev/api-server": "consumer" };
    await w.east.kube.create(pods, { metadata: { ...metadata, annotations }, spec: rest });
    const remote = await w.until(() => w.remote(twin, "operator"), "the pod at the provider");
    const home = await w.east.kube.get(endpointSlices, "kubernetes", "default");
    const [address = ""] = addressesOf(home);
    const external = w.mapped.get(`${address} ${WEST} ${NS}`) ?? "";
    expect(remote.spec?.hostAliases).toEqual([
      expect.objectContaining({ ip: external.replace("10.70.", "10.72.") }) as object,
    ]);
    expect(remote.spec?.hostAliases?.[0]?.hostnames).toContain("kubernetes.default.svc");
    const [container] = remote.spec?.containers ?? [];
    expect(container?.env).toEqual(
      expect.arrayContaining([
        { name: "KUBERNETES_SERVICE_HOST", value: "kubernetes.default.svc" },
        { name: "KUBERNETES_SERVICE_PORT", value: String(home.ports?.[0]?.port) },
      ]),
    );
    expect(container?.volumeMounts?.map((m) => m.mountPath)).toContain(
      "/var/run/secrets/kubernetes.io/serviceaccount",
    );
    const sources = remote.spec?.volumes?.find((v) => v.projected)?.projected?.sources ?? [];
    const items = sources.flatMap((x) => x.secret?.items ?? x.configMap?.items ?? []);
    expect(items.map((i) => i.path).sort()).toEqual(["ca.crt", "namespace", "token"]);
    const tokens = await w.west.kube.get(secrets, "tideway-tokens-operator", twin);
    const text = (key = ""): string => Buffer.from(tokens.data?.[key] ?? "", "base64").toString();
    expect(text("namespace")).toBe(NS);
    const token = text(items.find((i) => i.path === "token")?.key);
    expect(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())).toMatchObject({
      sub: `system:serviceaccount:${NS}:default`,
    });
    expect((await w.west.kube.get(configMaps, "tideway-kube-root-ca.crt", twin)).data?.["ca.crt"]).toBe(
      (await w.east.kube.get(configMaps, "kube-root-ca.crt", NS)).data?.["ca.crt"],
    );
  });

  it("others find none", async () => {
    const remote = await w.remote(twin, "early");
    expect(remote?.spec?.hostAliases).toBeUndefined();
    expect(remote?.spec?.containers[0]?.env).toBeUndefined();
  });
});

describe("after a restart", () => {
  it("nothing is written again, and what nobody uses any more is given back", async () => {
    await w.east.kube.create(endpointSlices, slice("held-1", "held", [endpoint("192.168.7.7")]));
    await w.until(() => thereSlice("held-1"), "the slice");
    const versions = async (): Promise<string> => {
      const lists = await Promise.all([
        w.west.kube.list(services, { namespace: twin }),
        w.west.kube.list(shadowEndpointSlices, { namespace: twin }),
        w.west.kube.list(endpointSlices, { namespace: twin }),
        w.west.kube.list(ingresses, { namespace: twin }),
      ]);
      return JSON.stringify(
        lists.map((l) => l.map((o) => [o.metadata.name, o.metadata.resourceVersion]).sort()),
      );
    };
    await w.until(async () => {
      const all = await w.west.kube.list(shadowEndpointSlices, { namespace: twin });
      return all.every((s) => s.status?.conditions !== undefined);
    }, "every slice told");
    await w.mapper.mapAddress({ address: "192.168.6.6", peer: WEST, namespace: NS });
    const before = await versions();
    await w.restartConsumer();
    await w.until(async () => !w.mapped.has(`192.168.6.6 ${WEST} ${NS}`), "the leftover given back");
    expect(await versions()).toBe(before);
    expect(w.mapped.has(`192.168.7.7 ${WEST} ${NS}`)).toBe(true);
    const home = await w.east.kube.get(endpointSlices, "kubernetes", "default");
    expect(w.mapped.has(`${addressesOf(home)[0]} ${WEST} ${NS}`)).toBe(true);
  });
});

describe("how fast", () => {
  it("100 Services with their slices are on the other side", async () => {
    const seen = new Set<string>();
    const stop = new AbortController();
    const there = { namespace: twin };
    for (const i of [informer(w.west.kube, services, there), informer(w.west.kube, endpointSlices, there)]) {
      i.onChange((key, o) => o && /bulk-\d+$/.test(key) && seen.add(`${o.kind}${key}`));
      i.start(stop.signal);
    }
    const names = Array.from({ length: 100 }, (_, i) => `bulk-${i}`);
    const at = performance.now();
    await Promise.all(
      names.flatMap((name, i) => [
        w.east.kube.create(services, service(name)),
        w.east.kube.create(endpointSlices, slice(name, name, [endpoint(`10.244.20.${i}`)])),
      ]),
    );
    const made = performance.now() - at;
    await w.until(async () => seen.size >= 200, "200 copies");
    console.log(
      "100 Services with slices: made",
      Math.round(made),
      "ms, there",
      Math.round(performance.now() - at),
    );
    stop.abort();
  });

  it("an endpoint that becomes ready is there", async () => {
    await w.east.kube.create(services, service("quick"));
    await w.east.kube.create(
      endpointSlices,
      slice("quick-1", "quick", [endpoint("10.244.30.1", { conditions: { ready: false } })]),
    );
    await w.until(() => thereSlice("quick-1"), "the slice");
    const cache = informer(w.west.kube, endpointSlices, { namespace: twin });
    const stop = new AbortController();
    cache.start(stop.signal);
    await cache.synced;
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const ready = i % 2 === 0;
      const { promise, resolve } = Promise.withResolvers<void>();
      const off = cache.onChange((key, s) => {
        if (key === `${twin}/tideway-quick-1` && s?.endpoints?.[0]?.conditions?.ready === ready) resolve();
      });
      const at = performance.now();
      await w.east.kube.patch(endpointSlices, "quick-1", NS, {
        endpoints: [endpoint("10.244.30.1", { conditions: { ready } })],
      });
      await promise;
      times.push(performance.now() - at);
      off();
    }
    times.sort((a, b) => a - b);
    console.log("endpoint ready there, ms p50", times[10]?.toFixed(1), "max", times.at(-1)?.toFixed(1));
    stop.abort();
  });

  it("1,000 endpoints are on the other side", async () => {
    const cache = informer(w.west.kube, endpointSlices, { namespace: twin });
    const stop = new AbortController();
    cache.start(stop.signal);
    await cache.synced;
    const at = performance.now();
    await Promise.all(
      Array.from({ length: 10 }, (_, s) =>
        w.east.kube.create(
          endpointSlices,
          slice(
            `many-${s}`,
            "many",
            Array.from({ length: 100 }, (__, i) => endpoint(`10.244.${100 + s}.${i}`)),
          ),
        ),
      ),
    );
    const count = (): number =>
      cache
        .list()
        .filter((s) => s.metadata.labels?.["kubernetes.io/service-name"] === "many")
        .reduce((sum, s) => sum + (s.endpoints?.length ?? 0), 0);
    await w.until(async () => count() === 1000, "1,000 endpoints");
    console.log("1,000 endpoints, ms:", Math.round(performance.now() - at));
    stop.abort();
  });
});

/**
 * One real API server with the provider's half of the service on it, under its own account and with the rights that
 * ship. The bus is what a test says.
 */
import { make, type NamespaceMap, namespaceMaps, ORIGIN, type ShadowPod, shadowPods } from "@tideway/api";
import type { AuditRecord } from "@tideway/audit";
import { createKube, type Credentials, type Kube, loadCredentials, namespaces, pods } from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { type ApiServer, startApiServer, until } from "@tideway/sandbox";
import type { Local, Part } from "../src/ports.ts";
import { startProvider } from "../src/provider/index.ts";
import type { ProviderOptions } from "../src/provider/ports.ts";

export const EAST = "11111111-1111-1111-1111-111111111111";
export const TENANT = "tideway-tenant-east";

const deploy = (path: string): string => new URL(`../../../deploy/base/${path}`, import.meta.url).pathname;

/** The bus, as far as this part reads it: facts about the tenant that a test sets. */
const fakeView = () => {
  const all = new Map<string, { peer: string; id: string; data: object }>();
  const handlers = new Set<(f: unknown) => void>();
  return {
    set: (data: object, id = "incoming") => {
      const fact = { peer: EAST, id, data: { clusterId: EAST, name: "east", ...data } };
      all.set(EAST, fact);
      for (const h of handlers) h(fact);
    },
    view: {
      synced: Promise.resolve(),
      get: (peer: string) => all.get(peer),
      list: () => [...all.values()],
      onChange: (h: (f: unknown) => void) => handlers.add(h),
    },
  };
};
export const fakeFacts = () => {
  const [identity, network, offer] = [fakeView(), fakeView(), fakeView()];
  const views: Record<string, ReturnType<typeof fakeView>> = { identity, network, offer };
  return {
    set: (state: string) => identity.set({ state, localNamespace: TENANT }),
    /** East's pods (10.244/16) and external addresses (10.70/16) are seen here at 10.71/16 and 10.72/16. */
    setNetwork: (state: string) =>
      network.set({
        state,
        localPodCidr: "10.244.0.0/16",
        localPodSeenCidr: "10.61.0.0/16",
        localExternalCidr: "10.70.0.0/16",
        localExternalSeenCidr: "10.62.0.0/16",
        remotePodCidr: "10.244.0.0/16",
        remotePodSeenCidr: "10.71.0.0/16",
        remoteExternalCidr: "10.70.0.0/16",
        remoteExternalSeenCidr: "10.72.0.0/16",
      }),
    setOffer: (resources: Record<string, string>, state = "ACCEPTED") =>
      offer.set({ state, resources, pools: [] }),
    /** One offer a pool, "" for the nodes in none. */
    setPools: (pools: Record<string, { resources: Record<string, string>; nodes?: object[] }>) =>
      offer.set({
        state: "ACCEPTED",
        resources: {},
        pools: Object.entries(pools).map(([name, p]) => ({ name, storageClasses: [], nodes: [], ...p })),
      }),
    facts: (name: string) => Promise.resolve(views[name]?.view),
  };
};

export interface Replica {
  /** As a crash: nothing is finished, requests under way are cut. */
  stop(): Promise<void>;
}

export type ProviderWorld = Awaited<ReturnType<typeof startProviderWorld>>;

export const startProviderWorld = async () => {
  const server: ApiServer = await startApiServer({
    name: "provider",
    controllerManager: true,
    auditPolicy: new URL("../../../deploy/audit-policy.yaml", import.meta.url).pathname,
  });
  await server.kubectl("apply", "--server-side", "-k", deploy("crds"));
  await server.kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all");
  await server.kubectl("create", "namespace", "tideway-system");
  await server.kubectl("apply", "-k", deploy("namespace-end"));
  for (const file of [
    "serviceaccount.yaml",
    "rbac-provider.yaml",
    "admission-policy.yaml",
    "admission-policy-foreign.yaml",
  ])
    await server.kubectl("apply", "-f", deploy(`virtual-kubelet/${file}`));
  const token = (await server.kubectl("-n", "tideway-system", "create", "token", "virtual-kubelet")).trim();
  const admin = loadCredentials({ KUBECONFIG: server.kubeconfig });
  const service: Credentials = { server: admin.server, ca: admin.ca ?? "", token: () => token };
  const kube: Kube = createKube(admin, { userAgent: "test" });
  await kube.create(namespaces, { metadata: { name: TENANT } });
  const facts = fakeFacts();
  facts.set("GRANTED");
  facts.setOffer({ cpu: "64", memory: "64Gi", pods: "1000" });
  const audited: AuditRecord[] = [];
  const silent = { known: () => undefined, gone: () => undefined };
  let n = 0;

  const startReplica = async (
    o: Partial<ProviderOptions> = {},
    more: Partial<Local> = {},
  ): Promise<Replica> => {
    const abort = new AbortController();
    const own = createKube(service, { userAgent: "provider-test" });
    const local = {
      kube: own,
      clusterID: "west-id",
      namespace: "tideway-system",
      bus: { facts: facts.facts },
      log: silentLogger,
      metrics: { reconciled: () => undefined },
      signal: abort.signal,
      owns: () => true,
      onOwnersChange: () => undefined,
      ...more,
    } as unknown as Local;
    const part: Part = await startProvider(local, {
      refusedRetryMs: 500,
      audit: { record: (r) => void audited.push(r) },
      teller: silent,
      ...o,
    });
    return {
      stop: async () => {
        abort.abort();
        await part.stop();
        await own.close();
      },
    };
  };

  const offload = async (...sources: string[]): Promise<NamespaceMap> => {
    const found = await kube.find(namespaceMaps, "namespaces", TENANT);
    if (found) return kube.patch(namespaceMaps, "namespaces", TENANT, { spec: { namespaces: sources } });
    return kube.create(
      namespaceMaps,
      make(namespaceMaps, {
        metadata: { name: "namespaces", namespace: TENANT, labels: { [ORIGIN]: EAST } },
        spec: { namespaces: sources },
      }),
    );
  };

  const shadow = (
    namespace: string,
    name: string,
    change: Partial<ShadowPod["spec"]> = {},
  ): Promise<ShadowPod> =>
    kube.create(
      shadowPods,
      make(shadowPods, {
        metadata: { name, namespace },
        spec: {
          originUID: `uid-${name}`,
          originNamespace: "shop",
          podLabels: { app: "web", old: "yes" },
          pod: { containers: [{ name: "c", image: "registry.example/web:1" }] },
          ...change,
        },
      }),
    );

  /** An offloaded namespace of this test alone, and its twin. */
  const fresh = async (): Promise<string> => {
    const source = `shop-${++n}`;
    const map = await kube.find(namespaceMaps, "namespaces", TENANT);
    await offload(...(map?.spec.namespaces ?? []), source);
    const twin = `tideway-east--${source}`;
    await until(
      async () =>
        (await kube.get(namespaceMaps, "namespaces", TENANT)).status?.namespaces?.some(
          (s) => s.source === source && s.ready,
        ),
      { what: `${twin} ready` },
    );
    return twin;
  };

  return {
    server,
    kube,
    service,
    facts,
    /** What was said to the audit. */
    audited,
    startReplica,
    offload,
    shadow,
    fresh,
    podThere: (namespace: string, name: string) =>
      until(() => kube.find(pods, name, namespace), { what: `pod ${name}`, everyMs: 10 }),
    podGone: (namespace: string, name: string) =>
      until(async () => (await kube.find(pods, name, namespace)) === undefined, {
        what: `pod ${name} gone`,
        everyMs: 20,
      }),
    stop: async () => {
      await kube.close();
      await server.stop();
    },
  };
};

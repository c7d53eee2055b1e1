/**
 * Two real API servers and a real bus. East consumes, west provides; both halves of the service run. In place of
 * the other services stand a few lines: facts said by the test, one map copied to and fro, a kubelet's words.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type NamespaceMap,
  namespaceMaps,
  make,
  namespaceOffloadings,
  ORIGIN,
  shadowPods,
  foreignClusters,
} from "@tideway/api";
import type { AuditRecord } from "@tideway/audit";
import { type Bus, connectBus } from "@tideway/bus";
import {
  createKube,
  informer,
  type Kube,
  loadCredentials,
  namespaces,
  type Pod,
  pods,
  secrets,
} from "@tideway/k8s";
import { createLogger, type Logger, silentLogger } from "@tideway/log";
import { type ApiServer, type NatsServer, startApiServer, startNats, until } from "@tideway/sandbox";
import { type Consumer, startConsumer } from "../src/consumer.ts";
import type { AddressMapper, Local, Part } from "../src/ports.ts";
import { startProvider } from "../src/provider/index.ts";

export const EAST = "11111111-1111-1111-1111-111111111111";
export const WEST = "22222222-2222-2222-2222-222222222222";
const log: Logger = process.env["TEST_LOG"]
  ? createLogger({ service: "test", level: "debug" })
  : silentLogger;

/** What west gives east. */
const NODE = { cpu: "64", memory: "64Gi", pods: "1000" };

interface Cluster {
  server: ApiServer;
  nats: NatsServer;
  bus: Bus;
  kube: Kube;
}

const startOne = async (
  name: string,
  clusterID: string,
  controllers: readonly string[] = [],
): Promise<Cluster> => {
  const [server, nats] = await Promise.all([
    startApiServer({ name, controllerManager: true, controllers }),
    startNats(),
  ]);
  await server.applyCrds(new URL("../../../deploy/base/crds", import.meta.url).pathname);
  await server.kubectl(
    "apply",
    "-f",
    new URL("../../../deploy/base/virtual-kubelet/rbac-provider.yaml", import.meta.url).pathname,
  );
  const kube = createKube(loadCredentials({ KUBECONFIG: server.kubeconfig }), { userAgent: "test" });
  const bus = await connectBus({ url: nats.url, service: "test", clusterID, log: silentLogger, settleMs: 0 });
  return { server, nats, bus, kube };
};

const localOf = async (
  c: Cluster,
  clusterID: string,
  signal: AbortSignal,
  kube: Kube,
  bus: Bus,
): Promise<Local> => ({
  kube,
  clusterID,
  clusterName: clusterID === EAST ? "east" : "west",
  namespace: "tideway-system",
  podName: "virtual-kubelet-0",
  podIP: "127.0.0.1",
  bus,
  log,
  metrics: { reconciled: () => undefined },
  signal,
  owns: () => true,
  onOwnersChange: () => () => undefined,
});

export type World = Awaited<ReturnType<typeof startWorld>>;

/** `controllers`, `west`: what Kubernetes' controller-managers run besides the usual ones of these tests. */
export const startWorld = async (o: { controllers?: readonly string[]; west?: readonly string[] } = {}) => {
  const [east, west] = await Promise.all([
    startOne("east", EAST, o.controllers),
    startOne("west", WEST, o.west),
  ]);
  await east.kube.create(namespaces, { metadata: { name: "tideway-peer-west" } });
  await west.kube.create(namespaces, { metadata: { name: "tideway-tenant-east" } });
  await east.kube.create(namespaces, { metadata: { name: "tideway-system" } });
  const admin = loadCredentials({ KUBECONFIG: west.server.kubeconfig });
  const base64 = (s = ""): string => Buffer.from(s).toString("base64");
  await east.kube.create(secrets, {
    metadata: { name: "tideway-identity", namespace: "tideway-peer-west" },
    data: {
      server: base64(admin.server),
      "ca.crt": base64(admin.ca),
      "tls.crt": base64(admin.cert),
      "tls.key": base64(admin.key),
    },
  });
  await east.kube.create(
    foreignClusters,
    make(foreignClusters, {
      metadata: { name: "west" },
      spec: {
        clusterID: WEST,
        clusterName: "west",
        authEndpoint: "127.0.0.1:1",
        pins: [],
        outgoingPeering: "Yes",
      } as never,
    }),
  );

  const peerFact = (more: object = {}) =>
    east.bus.publish("peer", { peer: WEST }, {
      clusterId: WEST,
      name: "west",
      phase: "PRESENT",
      outgoing: true,
      incoming: true,
      reachable: true,
      ...more,
    } as never);
  const offerFact = (state = "ACCEPTED", more: object = {}) =>
    east.bus.publish("offer", { peer: WEST, id: "outgoing" }, {
      clusterId: WEST,
      name: "west",
      direction: "outgoing",
      state,
      resources: { cpu: "4", memory: "8Gi", pods: "110" },
      labels: { region: "eu" },
      ...more,
    } as never);
  const identityFact = (state = "GRANTED") =>
    east.bus.publish("identity", { peer: WEST, id: "outgoing" }, {
      clusterId: WEST,
      name: "west",
      direction: "outgoing",
      state,
      localNamespace: "tideway-peer-west",
      secretName: "tideway-identity",
      serial: "1",
    } as never);
  /** What the other services say of west until its node is made. */
  const peered = async (): Promise<void> => {
    await peerFact();
    await identityFact();
    await offerFact();
  };
  await west.bus.publish("identity", { peer: EAST, id: "incoming" }, {
    clusterId: EAST,
    name: "east",
    direction: "incoming",
    state: "GRANTED",
    localNamespace: "tideway-tenant-east",
  } as never);

  /** What west offers to east, and in which storage classes. */
  const classesFact = (storageClasses: object[]) =>
    west.bus.publish("offer", { peer: EAST, id: "incoming" }, {
      clusterId: EAST,
      name: "east",
      direction: "incoming",
      state: "ACCEPTED",
      resources: NODE,
      pools: [{ name: "", resources: NODE, storageClasses }],
    } as never);
  await classesFact([]);
  /** What west gives of node pools, as both sides know it. `nodes`: where their pods run. */
  const poolsFact = async (
    ...pools: { name: string; resources: object; nodes?: object[]; withdrawal?: object }[]
  ): Promise<void> => {
    const all = pools.map((p) => ({ labels: {}, storageClasses: [], expiresAt: "", ...p }));
    await west.bus.publish("offer", { peer: EAST, id: "incoming" }, {
      clusterId: EAST,
      name: "east",
      direction: "incoming",
      state: "ACCEPTED",
      pools: all,
    } as never);
    await offerFact("ACCEPTED", { pools: all.map((p) => ({ ...p, nodes: [] })) });
  };

  /** Both clusters have pods at 10.244.0.0/16 and external addresses at 10.70.0.0/16, and see each other's elsewhere. */
  const networkFact = async (state = "READY"): Promise<void> => {
    const one = { state, localPodCidr: "10.244.0.0/16", localExternalCidr: "10.70.0.0/16" } as const;
    const other = { remotePodCidr: "10.244.0.0/16", remoteExternalCidr: "10.70.0.0/16" };
    const east2west = { podSeen: "10.61.0.0/16", externalSeen: "10.62.0.0/16" };
    const west2east = { podSeen: "10.71.0.0/16", externalSeen: "10.72.0.0/16" };
    const fact = (here: typeof east2west, there: typeof east2west) =>
      ({
        ...one,
        ...other,
        localPodSeenCidr: there.podSeen,
        localExternalSeenCidr: there.externalSeen,
        remotePodSeenCidr: here.podSeen,
        remoteExternalSeenCidr: here.externalSeen,
      }) as never;
    await east.bus.publish("network", { peer: WEST }, fact(east2west, west2east));
    await west.bus.publish("network", { peer: EAST }, fact(west2east, east2west));
  };
  /** IPAM, as far as this service asks it. */
  const mapped = new Map<string, string>();
  const addressFact = (r: { address: string; peer: string; namespace: string }, state: string, ip: string) =>
    east.bus.publish("address", { peer: "local", id: ip.replaceAll(".", "-") }, {
      external: ip,
      address: r.address,
      state,
      peers: [r.peer],
      namespace: r.namespace,
    } as never);
  const mapper: AddressMapper = {
    mapAddress: async (r) => {
      const key = `${r.address} ${r.peer} ${r.namespace}`;
      const external = mapped.get(key) ?? `10.70.0.${mapped.size + 10}`;
      mapped.set(key, external);
      await addressFact(r, "MAPPED", external);
      return external;
    },
    unmapAddress: async (r) => {
      const key = `${r.address} ${r.peer} ${r.namespace}`;
      const external = mapped.get(key);
      mapped.delete(key);
      if (external) await addressFact(r, "GONE", external);
    },
  };

  // The replicator, in ten lines: spec over, status back.
  const copying = new AbortController();
  const here = informer(east.kube, namespaceMaps, {
    namespace: "tideway-peer-west",
    backoffMs: { first: 20, max: 200 },
  });
  const there = informer(west.kube, namespaceMaps, {
    namespace: "tideway-tenant-east",
    backoffMs: { first: 20, max: 200 },
  });
  const copy = async (): Promise<void> => {
    const mine: NamespaceMap | undefined = here.get("tideway-peer-west/namespaces");
    const theirs: NamespaceMap | undefined = there.get("tideway-tenant-east/namespaces");
    const metadata = { name: "namespaces", namespace: "tideway-tenant-east", labels: { [ORIGIN]: EAST } };
    if (mine && !theirs)
      await west.kube.create(namespaceMaps, make(namespaceMaps, { metadata, spec: mine.spec }));
    else if (mine)
      await west.kube.patch(namespaceMaps, "namespaces", "tideway-tenant-east", { spec: mine.spec });
    else if (theirs) await west.kube.delete(namespaceMaps, "namespaces", "tideway-tenant-east");
    if (mine && theirs?.status && JSON.stringify(mine.status) !== JSON.stringify(theirs.status))
      await east.kube.patch(
        namespaceMaps,
        "namespaces",
        "tideway-peer-west",
        { status: theirs.status },
        { subresource: "status" },
      );
  };
  let copied: Promise<void> = Promise.resolve(); // one after the other, so that the newest is written last
  const copyNext = (): void =>
    void (copied = copied.then(copy).catch((err: unknown) => log.debug({ err }, "copying the map failed")));
  for (const i of [here, there]) {
    i.onChange(copyNext);
    i.start(copying.signal);
  }

  const startHalf = async <P extends Part>(
    c: Cluster,
    id: string,
    start: (l: Local) => Promise<P>,
  ): Promise<{ part: P; stop(): Promise<void> }> => {
    const abort = new AbortController();
    const kube = createKube(loadCredentials({ KUBECONFIG: c.server.kubeconfig }), {
      userAgent: "tideway-virtual-kubelet",
    });
    const bus = await connectBus({
      url: c.nats.url,
      service: "virtual-kubelet",
      clusterID: id,
      log,
      settleMs: 0,
    });
    const part = await start(await localOf(c, id, abort.signal, kube, bus));
    return {
      part,
      stop: async () => {
        abort.abort();
        await part.stop();
        await bus.close();
        await kube.close();
      },
    };
  };
  const provider = await startHalf(west, WEST, (l) =>
    startProvider(l, {
      refusedRetryMs: 300,
      audit: { record: () => undefined },
      teller: { known: () => undefined, gone: () => undefined },
    }),
  );
  /** What the consumer recorded of its provider. */
  const audited: AuditRecord[] = [];
  const newConsumer = () =>
    startHalf<Consumer>(east, EAST, (l) =>
      startConsumer(l, {
        port: 10250,
        kubeletVersion: "v1.34.4-tideway",
        podWorkers: 32,
        mapper,
        audit: { record: (r) => void audited.push(r) },
      }),
    );
  let consumer = await newConsumer();

  /** Says what a kubelet of west would. */
  const kubelet = (pod: Pod, status: object): Promise<Pod> =>
    west.kube.patch(pods, pod.metadata.name, pod.metadata.namespace, { status }, { subresource: "status" });
  const offload = async (namespace: string, spec: object = {}): Promise<string> => {
    await east.kube.create(namespaces, { metadata: { name: namespace } });
    return offloadAgain(namespace, spec);
  };
  const offloadAgain = async (namespace: string, spec: object = {}): Promise<string> => {
    await east.kube.create(
      namespaceOffloadings,
      make(namespaceOffloadings, { metadata: { name: "offloading", namespace }, spec }),
    );
    const ready = async () =>
      (await east.kube.get(namespaceOffloadings, "offloading", namespace)).status?.conditions?.find(
        (c) => c.type === "Ready",
      )?.status === "True";
    await until(ready, {
      what: `${namespace} offloaded`,
      everyMs: 20,
      explain: () => east.server.kubectl("get", "nso,nm,vn,nodes", "-A", "-o", "yaml"),
    });
    return `tideway-east--${namespace}`;
  };
  const there1 = <T>(look: () => Promise<T | undefined | false>, what: string) =>
    until(look, { what, everyMs: 10 });

  return {
    east,
    west,
    peerFact,
    offerFact,
    identityFact,
    peered,
    networkFact,
    mapped,
    audited,
    mapper,
    kubelet,
    offload,
    offloadAgain,
    classesFact,
    poolsFact,
    until: there1,
    sleep,
    get consumer() {
      return consumer.part;
    },
    restartConsumer: async () => {
      await consumer.stop();
      consumer = await newConsumer();
    },
    stopConsumer: () => consumer.stop(),
    startConsumer: async () => {
      consumer = await newConsumer();
    },
    shadow: (twin: string, name: string) => west.kube.find(shadowPods, name, twin),
    remote: (twin: string, name: string) => west.kube.find(pods, name, twin),
    local: (namespace: string, name: string) => east.kube.find(pods, name, namespace),
    stop: async () => {
      copying.abort();
      await Promise.all([consumer.stop(), provider.stop()]);
      await Promise.all([east, west].map((c) => c.bus.close()));
      await Promise.all([east, west].map((c) => c.kube.close()));
      await Promise.all([east, west].flatMap((c) => [c.server.stop(), c.nats.stop()]));
    },
  };
};

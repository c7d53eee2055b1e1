/**
 * A real API server with Kubernetes' volume controllers, and a real bus. In place of scheduler, provisioner and
 * virtual-kubelet stand a few lines: a node is chosen, a volume is made, a peer answers.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Bus, connectBus } from "@tideway/bus";
import {
  createKube,
  informer,
  type Kube,
  loadCredentials,
  namespaces,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from "@tideway/k8s";
import { createLogger, type Logger, silentLogger } from "@tideway/log";
import type { FactInput } from "@tideway/protos";
import { type ApiServer, type NatsServer, startApiServer, startNats, until } from "@tideway/sandbox";
import { createMetrics } from "@tideway/telemetry";
import { FINALIZER } from "../src/claim/model.ts";
import { wire } from "../src/wire.ts";

export const WEST = "22222222-2222-2222-2222-222222222222";
export const NS = "shop";
export const STORAGE_NS = "tideway-storage";
export const SELECTED = "volume.kubernetes.io/selected-node";
const log: Logger = process.env["TEST_LOG"]
  ? createLogger({ service: "test", level: "debug" })
  : silentLogger;

/** What a provisioner of Kubernetes does, as far as the API shows it (sig-storage-lib-external-provisioner). */
const startProvisioner = (kube: Kube, provisioner: string, signal: AbortSignal) => {
  const state = { silent: false, made: [] as string[] };
  const claims = informer(kube, persistentVolumeClaims, { backoffMs: { first: 20, max: 200 } });
  const volumes = informer(kube, persistentVolumes, { backoffMs: { first: 20, max: 200 } });
  const provision = async (claim: Readonly<PersistentVolumeClaim>): Promise<void> => {
    const { annotations = {}, uid = "", name, namespace = "" } = claim.metadata;
    if (annotations["volume.kubernetes.io/storage-provisioner"] !== provisioner) return;
    if (claim.spec?.volumeName || claim.metadata.deletionTimestamp || state.silent) return;
    const node = annotations[SELECTED] ?? "node-1";
    state.made.push(uid);
    await kube.create(persistentVolumes, {
      metadata: { name: `pvc-${uid}`, annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
      spec: {
        capacity: { storage: claim.spec?.resources?.requests?.["storage"] ?? "1Gi" },
        accessModes: claim.spec?.accessModes ?? [],
        volumeMode: claim.spec?.volumeMode ?? "Filesystem",
        persistentVolumeReclaimPolicy: "Delete",
        storageClassName: claim.spec?.storageClassName ?? "",
        claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
        hostPath: { path: `/volumes/${uid}` },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
            ],
          },
        },
      },
    });
  };
  const reclaim = async (v: Readonly<PersistentVolume>): Promise<void> => {
    if (v.metadata.annotations?.["pv.kubernetes.io/provisioned-by"] !== provisioner) return;
    if (v.status?.phase === "Released" && v.spec?.persistentVolumeReclaimPolicy === "Delete")
      await kube.delete(persistentVolumes, v.metadata.name, undefined, {});
  };
  claims.onChange((_k, c) => c && void provision(c).catch(() => undefined));
  volumes.onChange((_k, v) => v && void reclaim(v).catch(() => undefined));
  claims.start(signal);
  volumes.start(signal);
  return {
    made: state.made,
    silence: (silent: boolean): void => {
      state.silent = silent;
      if (!silent) for (const c of claims.list()) void provision(c).catch(() => undefined);
    },
  };
};

export type World = Awaited<ReturnType<typeof startWorld>>;

export const startWorld = async (o: { patienceSeconds?: number } = {}) => {
  const [server, nats]: [ApiServer, NatsServer] = await Promise.all([
    startApiServer({
      name: "east",
      controllerManager: true,
      controllers: [
        "persistentvolume-binder-controller",
        "persistentvolumeclaim-protection-controller",
        "persistentvolume-protection-controller",
      ],
    }),
    startNats(),
  ]);
  const kube = createKube(loadCredentials({ KUBECONFIG: server.kubeconfig }), {
    userAgent: "test",
    connections: 16,
  });
  const bus: Bus = await connectBus({
    url: nats.url,
    service: "test",
    clusterID: "east",
    log: silentLogger,
    settleMs: 0,
  });
  const all = new AbortController();
  const base = new URL("../../../deploy/base/storage-fabric/", import.meta.url).pathname;
  await server.kubectl("apply", "-f", `${base}storageclass.yaml`, "-f", `${base}namespace.yaml`);
  await server.applyCrds(new URL("../../../deploy/base/crds/", import.meta.url).pathname);
  await kube.create(namespaces, { metadata: { name: NS } });
  await kube.create(storageClasses, {
    metadata: { name: "disk", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "disk.example",
    volumeBindingMode: "WaitForFirstConsumer",
  });
  const node = (name: string, labels: Record<string, string> = {}) =>
    kube.create(nodes, { metadata: { name, labels: { "kubernetes.io/hostname": name, ...labels } } });
  await node("node-1", { "topology.kubernetes.io/region": "eu" });
  await node("node-2", { "topology.kubernetes.io/region": "us" });
  await node("west", {
    "tideway.dev/virtual-node": "true",
    "tideway.dev/remote-cluster-id": WEST,
    "topology.kubernetes.io/region": "us",
  });
  const peerFact = (phase: "PRESENT" | "GONE" = "PRESENT") =>
    bus.publish(
      "peer",
      { peer: WEST },
      {
        clusterId: WEST,
        name: "west",
        phase,
        outgoing: phase === "PRESENT",
        incoming: false,
        reachable: true,
      },
    );
  await peerFact();
  const provisioner = startProvisioner(kube, "disk.example", all.signal);

  const startService = async (wrap: (k: Kube) => Kube = (k) => k) => {
    const abort = new AbortController();
    const mine = createKube(loadCredentials({ KUBECONFIG: server.kubeconfig }), {
      userAgent: "tideway-storage-fabric",
    });
    const ourBus = await connectBus({
      url: nats.url,
      service: "storage-fabric",
      clusterID: "east",
      log,
      settleMs: 0,
    });
    const metrics = createMetrics("storage-fabric");
    await wire({
      config: {
        namespace: "tideway-system",
        moverImage: "tideway.local/mover:1",
        storageNamespace: STORAGE_NS,
        provisionerPatienceSeconds: o.patienceSeconds ?? 60,
        rescheduleSeconds: 1,
      },
      kube: wrap(mine),
      bus: ourBus,
      membership: { owns: () => true, onChange: () => () => undefined },
      metrics,
      log,
      signal: abort.signal,
    });
    return {
      metrics,
      stop: async () => {
        abort.abort();
        await ourBus.close();
        await mine.close();
      },
    };
  };
  let service = await startService();
  const volumeFacts = await bus.facts("volume");

  const wait = <T>(look: () => Promise<T | undefined | false>, what: string, timeoutMs?: number) =>
    until(look, {
      what,
      everyMs: 50,
      ...(timeoutMs ? { timeoutMs } : {}),
      explain: () => server.kubectl("get", "pvc,pv,events", "-A", "-o", "yaml"),
    });
  const get = (name: string) => kube.find(persistentVolumeClaims, name, NS);
  const claim = (
    name: string,
    spec: Partial<NonNullable<PersistentVolumeClaim["spec"]>> = {},
    annotations: Record<string, string> = {},
  ) =>
    kube.create(persistentVolumeClaims, {
      metadata: { name, namespace: NS, annotations },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        storageClassName: "tideway",
        ...spec,
      },
    });
  const condition = async (name: string) =>
    (await get(name))?.status?.conditions?.find((c) => c.type === "tideway.dev/Provisioned");
  /** What the scheduler does when the first pod comes. */
  const choose = (name: string, chosen: string) =>
    kube.patch(persistentVolumeClaims, name, NS, { metadata: { annotations: { [SELECTED]: chosen } } });

  return {
    server,
    kube,
    bus,
    provisioner,
    node,
    peerFact,
    wait,
    get,
    claim,
    choose,
    sleep,
    service: () => service,
    startService,
    restart: async (wrap?: (k: Kube) => Kube) => {
      await service.stop();
      service = await startService(wrap);
    },
    stopService: () => service.stop(),
    /** What the virtual-kubelet says of a peer's answer. */
    answer: (uid: string, name: string, more: Partial<FactInput<"claim">>) =>
      bus.publish("claim", { peer: WEST, id: uid }, {
        clusterId: WEST,
        namespace: NS,
        claim: name,
        reason: "Test",
        ...more,
      } as never),
    fact: (uid: string, peer = WEST) => volumeFacts.get(peer, uid)?.data,
    /** Bound, and let go by the service: nothing more is done to it. */
    bound: (name: string) =>
      wait(async () => {
        const c = await get(name);
        return c?.status?.phase === "Bound" && !c.metadata.finalizers?.includes(FINALIZER) && c;
      }, `${name} bound`),
    volumeOf: (c: PersistentVolumeClaim) => kube.get(persistentVolumes, c.spec?.volumeName ?? ""),
    condition,
    /** The condition, when it has this reason. */
    says: (name: string, reason: string) =>
      wait(async () => {
        const c = await condition(name);
        return c?.reason === reason && c;
      }, `${name} to say ${reason}`),
    gone: (name: string) => wait(async () => !(await get(name)), `${name} gone`),
    seconds: () => kube.list(persistentVolumeClaims, { namespace: STORAGE_NS }),
    volumes: () => kube.list(persistentVolumes),
    stop: async () => {
      all.abort();
      await service.stop();
      await bus.close();
      await kube.close();
      await Promise.all([server.stop(), nats.stop()]);
    },
  };
};

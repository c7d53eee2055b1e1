import { writeFileSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Bus, connectBus, type FactOf } from "@tideway/bus";
import { foreignClusters, type Invitation, invitations } from "@tideway/api";
import { createKube, type Kube, loadCredentials, namespaces, secrets } from "@tideway/k8s";
import { createLogger, type Logger } from "@tideway/log";
import { createMetrics, type Metrics, newTraceparent } from "@tideway/telemetry";
import { type ApiServer, type NatsServer, startApiServer, startNats, until } from "@tideway/sandbox";
import { hashToken, newToken } from "@tideway/pki";
import { readConfig } from "../src/config.ts";
import { wire } from "../src/wire.ts";

const root = resolve(import.meta.dirname, "../../..");
export const SYSTEM = "tideway-system";
/** The trace in which a person made the ForeignClusters of these tests. */
export const TRACE = newTraceparent();

export interface Replica {
  endpoint: string;
  pin: string;
  metrics: Metrics;
  stop(): Promise<void>;
}

/** One cluster: a real API server with its controllers, a bus, and the auth service with its own, minimal rights. */
export interface Side {
  name: string;
  clusterID: string;
  api: ApiServer;
  nats: NatsServer;
  /** cluster-admin. */
  kube: Kube;
  bus: Bus;
  /** Starts a replica; its rights are those of deploy/base. */
  startAuth(o?: {
    podName?: string;
    port?: number;
    env?: Record<string, string>;
    clock?: { now(): number };
  }): Promise<Replica>;
  invite(o?: Partial<Invitation["spec"]>): Promise<{ token: string; name: string }>;
  /** In the place of discovery: the ForeignCluster, and what discovery would say of it. */
  knows(peer: Partial<FactOf["peer"]> & { clusterId: string; name: string }): Promise<void>;
  says(peer: Partial<FactOf["peer"]> & { clusterId: string; name: string }): Promise<void>;
  stop(): Promise<void>;
}

const kubeconfigWithToken = async (api: ApiServer, dir: string): Promise<string> => {
  const token = (await api.kubectl("create", "token", "auth", "-n", SYSTEM, "--duration=24h")).trim();
  const path = join(dir, "auth.kubeconfig");
  const ca = readFileSync(api.caFile).toString("base64");
  writeFileSync(
    path,
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server: api.url, "certificate-authority-data": ca } }],
      users: [{ name: "auth", user: { token } }],
      contexts: [{ name: "c", context: { cluster: "c", user: "auth" } }],
      "current-context": "c",
    }),
  );
  return path;
};

/** `signer: false`: nobody answers certificate requests, and auth gives tokens by deploy/components/token-identity. */
export const startSide = async (name: string, o: { signer?: boolean } = {}): Promise<Side> => {
  const isSigning = o.signer ?? true;
  const controllers = isSigning ? [] : ["-certificatesigningrequest-signing-controller"];
  const [api, nats] = await Promise.all([
    startApiServer({ name, controllerManager: true, controllers }),
    startNats(),
  ]);
  const dir = mkdtempSync(join(tmpdir(), `tideway-auth-${name}-`));
  const log: Logger = createLogger({
    service: name,
    level: (process.env.LOG_LEVEL as "info" | undefined) ?? "error",
  });
  const kube = createKube(loadCredentials({ KUBECONFIG: api.kubeconfig }), { userAgent: "test" });
  const clusterID = (await kube.get(namespaces, "kube-system")).metadata.uid ?? "";
  await Promise.all([
    api.applyCrds(join(root, "deploy/base/crds")),
    kube.create(namespaces, { metadata: { name: SYSTEM } }),
  ]);
  await Promise.all(
    ["namespace-end", "auth"].map((part) => api.kubectl("apply", "-k", join(root, "deploy/base", part))),
  );
  const component = join(root, "deploy/components/token-identity");
  if (!isSigning)
    for (const file of ["rbac.yaml", "admission-policy.yaml"])
      await api.kubectl("apply", "-f", join(component, file));
  const kubeconfig = await kubeconfigWithToken(api, dir);
  const bus = await connectBus({ url: nats.url, service: "test", clusterID, log, settleMs: 0 });
  const replicas = new Set<Replica>();

  const says: Side["says"] = (peer) =>
    bus.publish(
      "peer",
      { peer: peer.clusterId },
      { phase: "PRESENT", outgoing: false, incoming: true, reachable: true, clusterName: peer.name, ...peer },
      { traceparent: TRACE },
    );

  return {
    name,
    clusterID,
    api,
    nats,
    kube,
    bus,
    says,
    startAuth: async (o = {}) => {
      const abort = new AbortController();
      const hooks: (() => Promise<void> | void)[] = [];
      const metrics = createMetrics("auth");
      const port = o.port ?? 0;
      const env = {
        KUBECONFIG: kubeconfig,
        TIDEWAY_CLUSTER_NAME: name,
        TIDEWAY_NAMESPACE: SYSTEM,
        TIDEWAY_API_SERVER: api.url,
        POD_NAME: o.podName ?? `auth-${name}`,
        BUS_URL: nats.url,
        AUTH_PORT: String(port),
        AUTH_CHECK_SECONDS: "1",
        ...(isSigning ? {} : { AUTH_IDENTITIES: "Token" }),
        ...(port ? { TIDEWAY_AUTH_ENDPOINT: `127.0.0.1:${port}` } : {}),
        ...o.env,
      };
      const opened = await wire(
        {
          env,
          log,
          metrics,
          signal: abort.signal,
          setReady: () => undefined,
          onShutdown: (_, fn) => void hooks.unshift(fn),
        },
        readConfig(env),
        o.clock,
      );
      const replica: Replica = {
        endpoint: `127.0.0.1:${opened.port}`,
        pin: opened.pin,
        metrics,
        stop: async () => {
          replicas.delete(replica);
          abort.abort();
          for (const hook of hooks) await hook();
        },
      };
      replicas.add(replica);
      return replica;
    },
    invite: async (spec = {}) => {
      const token = newToken();
      const inv = `inv-${hashToken(token).slice(0, 8)}`;
      const expiresAt = new Date(Date.now() + 900_000).toISOString();
      await kube.create(invitations, {
        metadata: { name: inv, namespace: SYSTEM },
        spec: { tokenHash: hashToken(token), expiresAt, ...spec },
      });
      return { token, name: inv };
    },
    knows: async (peer) => {
      const { clusterId: clusterID, name: peerName, authEndpoint = "127.0.0.1:1", pins = [] } = peer;
      const outgoingPeering = peer.outgoing ? "Yes" : "No";
      const incomingPeering = peer.incoming === false ? "No" : "Auto";
      const spec = {
        clusterID,
        clusterName: peerName,
        authEndpoint,
        pins,
        outgoingPeering,
        incomingPeering,
      } as const;
      await kube.apply(foreignClusters, { metadata: { name: peerName }, spec }, { fieldManager: "test" });
      await says(peer);
    },
    stop: async () => {
      for (const replica of [...replicas]) await replica.stop();
      await bus.close();
      await kube.close();
      await Promise.all([api.stop(), nats.stop()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

export const tokenSecret = async (side: Side, name: string, token: string): Promise<void> => {
  await side.kube.apply(
    secrets,
    { metadata: { name, namespace: SYSTEM }, data: { token: Buffer.from(token).toString("base64") } },
    { fieldManager: "test" },
  );
};

/** Waits for a state, never for a time. */
export const eventually = <T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  timeoutMs?: number,
): Promise<T> => until(look, { what, everyMs: 20, ...(timeoutMs ? { timeoutMs } : {}) });

import { foreignClusters, PROTOCOL_VERSION, type Tenant } from "@tideway/api";
import { createAudit } from "@tideway/audit";
import { connect, createAuthClients } from "@tideway/authclient";
import { type Bus, connectBus, type FactInput } from "@tideway/bus";
import { readOptionalFile } from "@tideway/config";
import { startController, startMembership, type Controller, type Membership } from "@tideway/controller";
import { describeError, InvalidError } from "@tideway/errors";
import {
  certificateSigningRequests,
  createKube,
  type Kube,
  loadCredentials,
  namespaces,
  type RoleBinding,
} from "@tideway/k8s";
import { checkCsr, createCsr, isEndpoint, type KeyPair, parseCertificate } from "@tideway/pki";
import type { Logger } from "@tideway/log";
import type { RuntimeContext } from "@tideway/runtime";
import { controllerMetrics } from "@tideway/telemetry";
import { type AuthAudit, createAuthAudit } from "./audit.ts";
import { type Caches, clusterOfHome, createCaches } from "./caches.ts";
import { createHandlers } from "./calls.ts";
import type { AuthConfig } from "./config.ts";
import { loadServerIdentity } from "./door/certificate.ts";
import { openDoor } from "./door/server.ts";
import { createTeller } from "./events.ts";
import { type Facts, openFacts } from "./facts.ts";
import { createConditionWriter } from "./foreign-cluster.ts";
import { createProvider } from "./identity/provider.ts";
import { createIdentityReconciler } from "./identity/reconciler.ts";
import { createIdentityStore, READER_ROLE } from "./identity/store.ts";
import { createInvitationReconciler } from "./invitation/reconciler.ts";
import { type AuthMetrics, createAuthMetrics } from "./metrics.ts";
import type { Clock, Self, Tell } from "./ports.ts";
import { createPeeringCheck } from "./tenant/check.ts";
import { PEER_ROLE } from "./tenant/objects.ts";
import { createTenantReconciler } from "./tenant/reconciler.ts";

const SYSTEM_CLOCK: Clock = { now: Date.now };

/** How long the call that makes a tenant has for it before its reconciler looks after it. */
const NEW_MS = 2_000;
/** A certificate request older than this was left by a replica that died. */
const LEFT_OVER_MS = 60_000;

const sweepRequests = (kube: Kube, caches: Caches, clock: Clock, ctx: RuntimeContext): void => {
  const sweep = (): void => {
    for (const { metadata } of caches.requests.list())
      if (clock.now() - Date.parse(metadata.creationTimestamp ?? "") > LEFT_OVER_MS)
        kube
          .delete(certificateSigningRequests, metadata.name)
          .catch((err: unknown) => ctx.log.debug({ reason: describeError(err) }, "request not swept"));
  };
  const timer = setInterval(sweep, LEFT_OVER_MS).unref();
  ctx.onShutdown("sweeper", () => clearInterval(timer));
  sweep();
};

/**
 * Goes through the door once as a peer would: a wrong certificate shows at the start and not at the first peering,
 * and the first peer does not wait for code that has never run.
 */
const lookIn = async (port: number, self: Self, keys: KeyPair): Promise<void> => {
  // a connection of its own: one that was made before may still be pausing after the last process went
  const clients = createAuthClients();
  try {
    const client = await clients.connect({ endpoint: `127.0.0.1:${port}`, pins: [self.pin] });
    const { clusterId } = await client.describe();
    if (clusterId !== self.clusterID)
      throw new InvalidError(`port ${port} is answered by cluster ${clusterId}`);
  } finally {
    clients.close();
  }
  checkCsr(createCsr(self.clusterID, keys), self.clusterID);
};

/** Who announces this cluster learns here what to say; every replica says the same. */
const announceDoor = (bus: Bus, self: Self, log: Logger): void => {
  const say = (): void => {
    const door: FactInput<"door"> = {
      clusterId: self.clusterID,
      clusterName: self.clusterName,
      state: self.authEndpoint ? "OPEN" : "CLOSED",
      authEndpoint: self.authEndpoint,
      pin: self.pin,
      protocolVersion: PROTOCOL_VERSION,
    };
    bus.publish("door", { peer: "local" }, door).catch((err: unknown) => {
      log.debug({ reason: describeError(err) }, "door not announced"); // the bus is being closed
    });
  };
  bus.onReconnect(say);
  say();
};

interface Parts {
  ctx: RuntimeContext;
  clock: Clock;
  config: AuthConfig;
  kube: Kube;
  caches: Caches;
  facts: Facts;
  self: Self;
  keys: KeyPair;
  membership: Membership;
  metrics: AuthMetrics;
  tell: Tell;
  audit: AuthAudit;
}

interface Controllers {
  identity: Controller;
  tenant: Controller;
  check: Controller;
  invitation: Controller;
}

const startControllers = (p: Parts): Controllers => {
  const { ctx, clock, config, kube, caches, facts, self, membership, tell, audit } = p;
  const { log, signal } = ctx;
  const shared = { log, signal, metrics: controllerMetrics(ctx.metrics) };
  const conditions = createConditionWriter({ kube, now: clock.now, ...caches });
  const owns = (id: string): boolean => membership.owns(id);
  const consumes = (id: string): boolean =>
    facts.peers.get(id)?.outgoing === true || caches.identityOf(id) !== undefined;
  const skewMs = config.clockSkewSeconds * 1000;
  return {
    identity: startController({
      ...shared,
      name: "identity",
      workers: 8,
      reconcile: createIdentityReconciler({
        clock,
        skewMs,
        owns,
        conditions,
        tell,
        random: Math.random,
        peers: facts.peers,
        identityOf: caches.identityOf,
        usedAs: caches.usedAs,
        published: (id) => facts.published(id, "outgoing") !== undefined,
        foreignCluster: (name) => kube.find(foreignClusters, name),
        standing: facts.standing,
        store: createIdentityStore(kube, {
          systemNamespace: self.namespace,
          now: clock.now,
          homeAt: caches.homes.get,
          bindingAt: (namespace) => caches.readerBindings.get(`${namespace}/${READER_ROLE}`),
        }),
        provider: createProvider({ kube, self, keys: p.keys, clock, signal }),
        publish: facts.publish,
        outcome: p.metrics.attempted,
      }),
    }),
    tenant: startController({
      ...shared,
      name: "tenant",
      reconcile: createTenantReconciler({
        kube,
        clock,
        owns,
        conditions,
        tell,
        audit,
        consumes,
        graceMs: config.tenantGraceSeconds * 1000,
        byToken: config.identities === "Token",
        systemNamespace: self.namespace,
        peers: facts.peers,
        tenantOf: caches.tenantOf,
        homeAt: caches.homes.get,
        bindingAt: (namespace) => caches.peerBindings.get(`${namespace}/${PEER_ROLE}`),
        publish: facts.publish,
        published: (id) => facts.published(id, "incoming"),
      }),
    }),
    check: startController({
      ...shared,
      name: "check",
      workers: 8,
      reconcile: createPeeringCheck({
        kube,
        owns,
        tell,
        audit,
        connect,
        selfID: self.clusterID,
        intervalMs: config.checkSeconds * 1000,
        random: Math.random,
        tenantOf: caches.tenantOf,
        peers: facts.peers,
        checked: p.metrics.checked,
      }),
    }),
    invitation: startController({
      ...shared,
      name: "invitation",
      reconcile: createInvitationReconciler({
        kube,
        clock,
        self,
        owns,
        keepMs: config.invitationKeepSeconds * 1000,
        get: caches.invitations.get,
      }),
    }),
  };
};

/** Whatever changes wakes the key it is about; the reconcilers read the rest themselves. */
const connectSources = (c: Controllers, p: Parts, onReconnect: (handler: () => void) => void): void => {
  const { caches, clock, facts, membership } = p;
  const wakePeer = (id: string): void => {
    if (!id) return;
    c.identity.enqueue(id);
    c.tenant.enqueue(id);
  };
  const wakeAll = (): void => {
    for (const t of caches.tenants.list()) c.check.enqueue(t.spec.clusterID, p.config.checkSeconds * 1000);
    for (const i of caches.invitations.list())
      c.invitation.enqueue(`${i.metadata.namespace}/${i.metadata.name}`);
    const ids = [
      ...facts.known(),
      ...caches.tenants.list().map((t) => t.spec.clusterID),
      ...caches.identities.list().map((i) => i.spec.clusterID),
      ...caches.homes.list().map(clusterOfHome),
    ];
    for (const id of new Set(ids)) wakePeer(id);
  };
  facts.onChange(wakePeer);
  // A new one is just being made by a call, which does all that the reconciler would: leave it the API server.
  const isNew = (t: Tenant | undefined): boolean =>
    t !== undefined &&
    !t.metadata.deletionTimestamp &&
    !t.spec.revoked &&
    clock.now() - Date.parse(t.metadata.creationTimestamp ?? "") < NEW_MS;
  caches.tenants.onChange((_, t, old) => {
    const id = (t ?? old)?.spec.clusterID ?? "";
    if (isNew(t)) c.tenant.enqueue(id, NEW_MS);
    else wakePeer(id);
    if (t && !old) c.check.enqueue(id, p.config.checkSeconds * 1000);
    p.metrics.tenants.set({}, caches.tenants.size);
  });
  caches.identities.onChange((_, i, old) => {
    wakePeer((i ?? old)?.spec.clusterID ?? "");
    p.metrics.identities.set({}, caches.identities.size);
  });
  caches.homes.onChange((_, n, old) => {
    if (old) wakePeer(clusterOfHome(n ?? old)); // a new one was made by the very code that would be woken
  });
  const homeAt = (binding: RoleBinding | undefined): string => {
    const home = caches.homes.get(binding?.metadata.namespace ?? "");
    return home ? clusterOfHome(home) : "";
  };
  caches.peerBindings.onChange((_, b, old) => {
    const id = homeAt(b ?? old);
    if (id) c.tenant.enqueue(id, isNew(caches.tenantOf(id)) ? NEW_MS : undefined);
  });
  caches.readerBindings.onChange((_, b, old) => {
    const id = homeAt(b ?? old);
    if (id) c.identity.enqueue(id);
  });
  caches.invitations.onChange((key, i, old) => {
    const justUsed = i?.status?.usedAt !== undefined && old !== undefined && old.status?.usedAt === undefined;
    c.invitation.enqueue(key, justUsed ? 1_000 : undefined);
  });
  membership.onChange(wakeAll);
  onReconnect(wakeAll);
  wakeAll();
};

/** The only place that builds adapters. */
export const wire = async (
  ctx: RuntimeContext,
  config: AuthConfig,
  clock: Clock = SYSTEM_CLOCK,
): Promise<{ port: number; pin: string }> => {
  for (const part of ["bus", "caches", "door"]) ctx.setReady(part, false);
  const { log } = ctx;
  const authEndpoint = config.authEndpoint ?? "";
  if (authEndpoint && !isEndpoint(authEndpoint))
    throw new InvalidError(`TIDEWAY_AUTH_ENDPOINT is ${JSON.stringify(authEndpoint)}, but must be host:port`);
  const kube = createKube(loadCredentials(ctx.env), { userAgent: "tideway-auth" });
  ctx.onShutdown("kube", () => kube.close());
  const metrics = createAuthMetrics(ctx.metrics);
  const clusterID = (await kube.get(namespaces, "kube-system")).metadata.uid ?? "";
  const caches = createCaches(kube, config.namespace, log);

  const bus = connectBus({
    url: config.busUrl,
    replicas: config.busReplicas,
    service: "auth",
    seed: readOptionalFile(config.busSeedFile, "BUS_SEED_FILE"),
    ca: readOptionalFile(config.busCaFile, "BUS_CA_FILE"),
    clusterID,
    log,
    signal: ctx.signal,
    metrics: ctx.metrics,
    onStatus: (up) => ctx.setReady("bus", up),
  });
  const [identity, connected, membership] = await Promise.all([
    loadServerIdentity(kube, config.namespace, clock.now()),
    bus,
    startMembership({
      kube,
      namespace: config.namespace,
      service: "auth",
      identity: config.podName,
      log,
      signal: ctx.signal,
    }),
    caches.start(ctx.signal).then(() => ctx.setReady("caches", true)),
  ]);
  ctx.onShutdown("bus", () => connected.close());
  ctx.onShutdown("membership", () => membership.leave());
  const facts = await openFacts(connected, log);
  await facts.synced; // until then an absent fact means nothing, and a revoked peer would be let in

  const self: Self = {
    clusterID,
    authEndpoint,
    clusterName: config.clusterName,
    apiServer: config.apiServer,
    pin: identity.pin,
    ca: kube.credentials.ca ?? "",
    namespace: config.namespace,
  };
  announceDoor(connected, self, log);
  const tell = createTeller({
    kube,
    namespace: config.namespace,
    instance: config.podName,
    now: clock.now,
    log,
  });
  const records = createAudit({ bus: connected, service: "auth", log });
  ctx.onShutdown("audit", () => records.close());
  const audit = createAuthAudit(
    records,
    self,
    (id) => facts.peers.get(id) !== undefined || caches.tenantOf(id) !== undefined,
  );
  const parts: Parts = {
    ctx,
    clock,
    config,
    kube,
    caches,
    facts,
    self,
    keys: identity.keys,
    membership,
    metrics,
    tell,
    audit,
  };
  connectSources(startControllers(parts), parts, (handler) => connected.onReconnect(handler));
  sweepRequests(kube, caches, clock, ctx);

  const answers = createHandlers({
    kube,
    caches,
    facts,
    self,
    config,
    clock,
    log,
    metrics,
    tell,
    audit,
    door: { certificate: parseCertificate(identity.certificate, "auth-tls"), keys: identity.keys },
  });
  const door = await openDoor({ port: config.port, identity, ...answers, metrics, log });
  ctx.onShutdown("door", () => door.close());
  await lookIn(door.port, self, identity.keys);
  ctx.setReady("door", true);
  log.info({ port: door.port, pin: self.pin, clusterID }, "auth is open");
  return { port: door.port, pin: self.pin };
};

import { type NamespaceOffloading, ORIGIN, type ShadowPod } from "@tideway/api";
import type { Audit } from "@tideway/audit";
import { type ControllerMetrics, startController } from "@tideway/controller";
import { describeError } from "@tideway/errors";
import {
  type Informer,
  informer,
  type Kube,
  type KubeObject,
  namespaces,
  type Pod,
  secrets,
} from "@tideway/k8s";
import type { Logger } from "@tideway/log";
import { auditDenials } from "./audit.ts";
import { makeCertificateReconciler, SECRET_NAME } from "./certificate/reconciler.ts";
import { CONFIGURATION, mutatingWebhooks, validatingWebhooks } from "./certificate/webhooks.ts";
import type { AdmissionMetrics } from "./metrics.ts";
import { validateOffloading } from "./offloading/validate.ts";
import { originsOf } from "./origins.ts";
import { type DaemonSet, daemonSet } from "./placement/daemon-set.ts";
import { podHandler } from "./placement/handler.ts";
import type { Clock, MoveFacts, NamespaceFacts, Routes } from "./ports.ts";
import type { AdmissionRequest } from "./review/review.ts";
import { startWebhookServer, type WebhookServer } from "./server/server.ts";
import { validateShadowPod } from "./shadow-pod/validate.ts";

export interface AdmissionDeps {
  kube: Kube;
  facts: NamespaceFacts;
  moves: MoveFacts;
  clock: Clock;
  log: Logger;
  metrics: AdmissionMetrics;
  controllerMetrics?: ControllerMetrics;
  /** Where it stands what a peer was denied. */
  audit: Pick<Audit, "record">;
  signal: AbortSignal;
  /** Of the services. */
  namespace: string;
  /** Name by which the API server calls the webhooks. */
  dnsName: string;
  port: number;
  factWaitMs: number;
  certificateLifeMs: number;
}

export interface Admission {
  /** Resolves with the port once a certificate is served that the API server was told of. */
  serving: Promise<number>;
  close(): Promise<void>;
}

const routesOf = (d: AdmissionDeps, labelled: Informer<KubeObject>): Routes => {
  const origins = originsOf(d.kube, labelled);
  const pod = podHandler({
    facts: d.facts,
    moves: d.moves,
    waitMs: d.factWaitMs,
    mover: `system:serviceaccount:${d.namespace}:storage-fabric`,
  });
  const originOf = (r: { namespace?: string }): Promise<string | undefined> => origins.of(r.namespace ?? "");
  return {
    "/mutate/pods": { webhook: "pods", handler: (r: AdmissionRequest<Pod>) => pod(r) },
    "/mutate/daemonsets": {
      webhook: "daemonsets",
      handler: (r: AdmissionRequest<DaemonSet>) => Promise.resolve(daemonSet(r)),
    },
    "/validate/shadowpods": {
      webhook: "shadowpods",
      handler: async (r: AdmissionRequest<ShadowPod>) => validateShadowPod(r, await originOf(r)),
    },
    "/validate/namespaceoffloadings": {
      webhook: "namespaceoffloadings",
      handler: async (r: AdmissionRequest<NamespaceOffloading>) =>
        validateOffloading(r, d.namespace, await originOf(r)),
    },
  };
};

export const startAdmission = async (d: AdmissionDeps): Promise<Admission> => {
  const only = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
  const labelled = informer(d.kube, namespaces, { labelSelector: ORIGIN, metadataOnly: true });
  const secret = informer(d.kube, secrets, { namespace: d.namespace, ...only(SECRET_NAME) });
  const mutating = informer(d.kube, mutatingWebhooks, only(CONFIGURATION));
  const validating = informer(d.kube, validatingWebhooks, only(CONFIGURATION));
  const caches = [labelled, secret, mutating, validating] as unknown as Informer<KubeObject>[];
  for (const cache of caches) {
    cache.onError((err) => d.log.warn({ reason: describeError(err) }, "a watch broke; it is opened again"));
    cache.start(d.signal);
  }
  await Promise.all(caches.map((c) => c.synced));

  let server: WebhookServer | undefined;
  const { promise: serving, resolve } = Promise.withResolvers<number>();
  const routes = routesOf(d, labelled);
  const controller = startController({
    name: "certificate",
    workers: 1,
    log: d.log,
    signal: d.signal,
    ...(d.controllerMetrics ? { metrics: d.controllerMetrics } : {}),
    reconcile: makeCertificateReconciler({
      kube: d.kube,
      clock: d.clock,
      namespace: d.namespace,
      dnsName: d.dnsName,
      lifeMs: d.certificateLifeMs,
      secret,
      mutating,
      validating,
      serve: async ({ cert, key, notAfter }) => {
        const certificate = { cert, key };
        if (server) server.use(certificate);
        else
          server = await startWebhookServer({
            port: d.port,
            routes,
            certificate,
            metrics: d.metrics,
            log: d.log,
            onDenied: auditDenials(d.audit),
          });
        d.metrics.expiry.set({}, notAfter / 1000);
        resolve(server.port);
      },
    }),
  });
  for (const cache of caches.slice(1)) cache.onChange(() => controller.enqueue("certificate"));
  controller.enqueue("certificate");
  return {
    serving,
    close: async () => {
      await controller.done;
      await server?.close();
    },
  };
};

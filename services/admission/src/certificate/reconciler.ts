import type { Reconcile } from "@tideway/controller";
import { isAlreadyExists } from "@tideway/errors";
import { type Informer, type Kube, type Resource, type Secret, secrets } from "@tideway/k8s";
import type { Clock, ServingCertificate } from "../ports.ts";
import { isDue, type Material, materialOf, renew } from "./decide.ts";
import { injection, mutatingWebhooks, validatingWebhooks, type WebhookConfiguration } from "./webhooks.ts";

export const SECRET_NAME = "admission-tls";
export const FIELD_MANAGER = "tideway-admission";
/** The certificate is looked at this often, in ms: timers cannot wait for months. */
const LOOK_MS = 12 * 3600_000;

export interface CertificateDeps {
  kube: Kube;
  clock: Clock;
  namespace: string;
  dnsName: string;
  lifeMs: number;
  secret: Informer<Secret>;
  mutating: Informer<WebhookConfiguration>;
  validating: Informer<WebhookConfiguration>;
  /** Called when another certificate is to be served. */
  serve(c: ServingCertificate & { notAfter: number }): void | Promise<void>;
}

/**
 * One Secret for all replicas: whoever comes first makes the certificate, by create or by a replace that
 * fails when another was quicker; the losers read the winner's from their watch. The API server is told of a
 * certificate before anybody serves it, and of its predecessor until that ends.
 */
export const makeCertificateReconciler = (d: CertificateDeps): Reconcile => {
  let served = "";

  const write = async (
    found: Readonly<Secret> | undefined,
    before: Material | undefined,
    signal: AbortSignal,
  ): Promise<boolean> => {
    const data = renew(before, d.dnsName, d.clock.now(), d.lifeMs);
    const metadata = { name: SECRET_NAME, namespace: d.namespace };
    if (found) {
      const { resourceVersion, uid, labels, annotations } = found.metadata;
      const kept = { ...metadata, resourceVersion, uid, labels, annotations } as Secret["metadata"];
      await d.kube.replace(secrets, { metadata: kept, type: found.type ?? "Opaque", data }, { signal });
      return true;
    }
    try {
      await d.kube.create(
        secrets,
        { metadata, type: "Opaque", data },
        { signal, fieldManager: FIELD_MANAGER },
      );
      return true;
    } catch (err) {
      if (isAlreadyExists(err)) return false;
      throw err;
    }
  };

  const inject = async (
    r: Resource<WebhookConfiguration>,
    cache: Informer<WebhookConfiguration>,
    bundle: string,
    signal: AbortSignal,
  ): Promise<void> => {
    for (const c of cache.list()) {
      const apply = injection(c, bundle);
      if (apply) await d.kube.apply(r, apply, { fieldManager: FIELD_MANAGER, signal });
    }
  };

  return async (_key, { signal, log }) => {
    const found = d.secret.get(`${d.namespace}/${SECRET_NAME}`);
    const material = materialOf(found, d.dnsName);
    if (isDue(material, d.clock.now())) {
      const made = await write(found, material, signal); // our own watch wakes us with what is there then
      if (made) log.info({ secret: SECRET_NAME }, "serving certificate made");
      return {};
    }
    if (!material) return {};
    await inject(mutatingWebhooks, d.mutating, material.bundle, signal);
    await inject(validatingWebhooks, d.validating, material.bundle, signal);
    if (served !== material.cert) {
      await d.serve({ cert: material.cert, key: material.key, notAfter: material.notAfter });
      served = material.cert;
      log.info({ notAfter: new Date(material.notAfter).toISOString() }, "serving certificate in use");
    }
    return { requeueAfterMs: Math.max(1_000, Math.min(LOOK_MS, material.rotateAt - d.clock.now())) };
  };
};

import { type KubeObject, resource } from "@tideway/k8s";

/** Mutating and validating alike, as far as the certificate goes. */
export interface WebhookConfiguration extends KubeObject {
  webhooks?: { name: string; clientConfig: { caBundle?: string } }[];
}

const GROUP = "admissionregistration.k8s.io";
export const mutatingWebhooks = resource<WebhookConfiguration>(
  GROUP,
  "v1",
  "mutatingwebhookconfigurations",
  "MutatingWebhookConfiguration",
  false,
);
export const validatingWebhooks = resource<WebhookConfiguration>(
  GROUP,
  "v1",
  "validatingwebhookconfigurations",
  "ValidatingWebhookConfiguration",
  false,
);

/** Both configurations are called this, and the service may touch no others. */
export const CONFIGURATION = "tideway-admission";

/** The apply that lets the API server trust the bundle; `undefined`: it does already. */
export const injection = (
  c: Readonly<WebhookConfiguration> | undefined,
  bundle: string,
):
  | (Pick<WebhookConfiguration, "metadata"> & {
      webhooks: { name: string; clientConfig: { caBundle: string } }[];
    })
  | undefined => {
  const caBundle = Buffer.from(bundle, "utf8").toString("base64");
  const hooks = c?.webhooks ?? [];
  if (!c || hooks.every((w) => w.clientConfig.caBundle === caBundle)) return undefined;
  const { name, uid } = c.metadata;
  return {
    metadata: { name, ...(uid ? { uid } : {}) },
    webhooks: hooks.map((w) => ({ name: w.name, clientConfig: { caBundle } })),
  };
};

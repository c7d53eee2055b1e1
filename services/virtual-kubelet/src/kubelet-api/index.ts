/**
 * The kubelet's port for all virtual nodes of this replica: logs, exec, attach, port-forward, usage. The pod's
 * name tells the node, the node the provider. Streams are passed through as bytes, never understood here.
 */
import { describeError } from "@tideway/errors";
import { configMaps, informer } from "@tideway/k8s";
import { generateKeyPair, privateKeyPem, selfSigned } from "@tideway/pki";
import type { Local, Part, PeerConnections } from "../ports.ts";
import { authoriser } from "./authorise.ts";
import { tokenReviewer } from "./identify.ts";
import type { KubeletApiMetrics } from "./metrics.ts";
import { startKubeletServer } from "./server.ts";
import { usageReader } from "./usage.ts";

export interface KubeletApiOptions {
  /** Port, usually 10250. 0 takes a free one. */
  port: number;
  metrics?: KubeletApiMetrics;
}

/** Where the API server publishes which client certificates it believes, in namespace kube-system. */
const AUTHENTICATION = "extension-apiserver-authentication";
const CLIENT_CA = "client-ca-file";
/** Made anew at every start; nothing depends on its end before. */
const CERTIFICATE_MS = 3650 * 86_400_000;
const SKEW_MS = 3600_000;

export const startKubeletApi = async (
  local: Local,
  peers: PeerConnections,
  o: KubeletApiOptions,
): Promise<Part & { readonly port: number }> => {
  const log = local.log.child({ part: "kubelet-api" });
  const now = (): number => Date.now();
  const keys = generateKeyPair();
  const dnsName = "virtual-kubelet";
  const cert = selfSigned({
    dnsName,
    keys,
    notBefore: new Date(now() - SKEW_MS),
    notAfter: new Date(now() + CERTIFICATE_MS),
  });

  const authentication = informer(local.kube, configMaps, {
    namespace: "kube-system",
    fieldSelector: `metadata.name=${AUTHENTICATION}`,
  });
  const server = await startKubeletServer({
    port: o.port,
    cert,
    key: privateKeyPem(keys.privateKey),
    peers,
    userOfToken: tokenReviewer(local.kube, now),
    authorise: authoriser(local.kube, now),
    usage: usageReader(now),
    now,
    log,
    ...(o.metrics ? { metrics: o.metrics } : {}),
  });
  authentication.onChange((_key, found) => {
    const ca = found?.data?.[CLIENT_CA];
    if (!ca) return;
    server.trust(ca);
    log.info({ configMap: AUTHENTICATION }, "client authorities read");
  });
  authentication.onError((err) =>
    log.warn({ reason: describeError(err) }, "a watch broke; it is opened again"),
  );
  authentication.start(local.signal);
  await authentication.synced;
  log.info({ port: server.port }, "kubelet API listens");
  return { port: server.port, stop: () => server.close() };
};

/** Where a client gets what it needs from; both are asked again when a call was refused, so a renewal needs no restart. */
import { readFile } from "node:fs/promises";
import { UnavailableError } from "@tideway/errors";
import { configMaps, type Kube } from "@tideway/k8s";
import { IPAM_CONFIG_MAP } from "./names.ts";

export type Source = (signal?: AbortSignal) => Promise<string>;

/** The token that kubelet keeps fresh in a pod. */
export const SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

export const fromFile =
  (path: string): Source =>
  async () => {
    try {
      return (await readFile(path, "utf8")).trim();
    } catch (cause) {
      throw new UnavailableError(`${path} cannot be read`, { cause });
    }
  };

/** The certificate that the IPAM service shows, from the ConfigMap that the network-manager keeps. */
export const caFromCluster =
  (kube: Pick<Kube, "get">, namespace: string): Source =>
  async (signal) => {
    const map = await kube.get(configMaps, IPAM_CONFIG_MAP, namespace, signal ? { signal } : {});
    const ca = map.data?.["ca.crt"];
    if (!ca) throw new UnavailableError(`ConfigMap ${namespace}/${IPAM_CONFIG_MAP} has no ca.crt yet`);
    return ca;
  };

import type { X509Certificate } from "node:crypto";
import { configMaps, type Kube } from "@tideway/k8s";
import { parseBundle } from "@tideway/pki";

/** Where every API server says which authorities it trusts for clients. */
const NAME = "extension-apiserver-authentication";
const KEY = "client-ca-file";
const FRESH_MS = 60_000;

/** The authorities that the API server trusts for client certificates, read again once a minute at most. */
export const createAuthorities = (kube: Kube, now: () => number): (() => Promise<X509Certificate[]>) => {
  let known: { at: number; read: Promise<X509Certificate[]> } | undefined;
  const read = async (): Promise<X509Certificate[]> => {
    const map = await kube.get(configMaps, NAME, "kube-system");
    return parseBundle(map.data?.[KEY] ?? "", `ConfigMap kube-system/${NAME}, ${KEY}`);
  };
  return () => {
    if (!known || now() - known.at > FRESH_MS) {
      const entry = (known = { at: now(), read: read() });
      entry.read.catch(() => {
        if (known === entry) known = undefined;
      });
    }
    return known.read;
  };
};

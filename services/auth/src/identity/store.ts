import {
  identities,
  type Identity,
  type IdentityStatus,
  IDENTITY_NAME,
  BY_AUTH,
  MADE_BY,
  PEER,
  peerNamespace,
  REMOTE_CLUSTER_ID,
} from "@tideway/api";
import { type AuthenticateResponse } from "@tideway/authclient";
import type { ReconcileContext } from "@tideway/controller";
import {
  type Kube,
  type Namespace,
  type RoleBinding,
  roleBindings,
  type Secret,
  secrets,
} from "@tideway/k8s";
import { type KeyPair, keyPairOf, parseCertificate, privateKeyPem } from "@tideway/pki";
import { isBinding, RBAC, writeBinding } from "../tenant/binding.ts";
import { dropHome, ensureHome, MANAGER } from "../tenant/objects.ts";

export const IDENTITY_SECRET = "tideway-identity";
/** ClusterRole that lets a service read this one Secret; bound in the namespace of each peer that is used. */
export const READER_ROLE = "tideway-identity-reader";
/** Services that work with a peer in this cluster's name. */
const READERS = ["replicator", "virtual-kubelet"] as const;

/** An identity as it is kept in the Secret. */
export interface Held {
  certificate: string;
  keys: KeyPair;
  /** UID of our Tenant at the provider. */
  tenantUid: string;
  server: string;
  remoteNamespace: string;
  notBefore: number;
  notAfter: number;
  serial: string;
}

export interface PeerRef {
  name: string;
  clusterID: string;
}

export interface IdentityStore {
  /** The RoleBinding of who may read the Secret is as it should be, as far as the cache knows. */
  isBound(peer: PeerRef): boolean;
  bind(peer: PeerRef): Promise<void>;
  /** The namespace, who may read the Secret in it, and the Identity. */
  home(peer: PeerRef): Promise<string>;
  read(peer: PeerRef): Promise<Held | undefined>;
  write(peer: PeerRef, answer: AuthenticateResponse, keys: KeyPair): Promise<Held>;
  writeStatus(peer: PeerRef, uid: string | undefined, status: IdentityStatus): Promise<void>;
  /** True when nothing is left here. */
  remove(peer: PeerRef, c: ReconcileContext): Promise<boolean>;
}

const b64 = (s: string): string => Buffer.from(s).toString("base64");
const labels = (p: PeerRef): Record<string, string> => ({
  [MADE_BY]: BY_AUTH,
  [PEER]: p.name,
  [REMOTE_CLUSTER_ID]: p.clusterID,
});

/** A Secret that someone has spoilt is no identity: a new one is made. */
const parse = (secret: Secret): Held | undefined => {
  const text = (key: string): string => Buffer.from(secret.data?.[key] ?? "", "base64").toString("utf8");
  try {
    const certificate = text("tls.crt");
    const { validFromDate, validToDate, serialNumber } = parseCertificate(certificate, "tls.crt");
    return {
      certificate,
      keys: keyPairOf(text("tls.key"), "tls.key"),
      tenantUid: text("tenant"),
      server: text("server"),
      remoteNamespace: text("namespace"),
      notBefore: validFromDate.getTime(),
      notAfter: validToDate.getTime(),
      serial: serialNumber,
    };
  } catch {
    return undefined;
  }
};

export const createIdentityStore = (
  kube: Kube,
  o: {
    systemNamespace: string;
    now(): number;
    /** A namespace that this service made, from the cache. */
    homeAt(namespace: string): Pick<Namespace, "metadata"> | undefined;
    /** Who may read the Secret in a namespace, from the cache. */
    bindingAt(namespace: string): RoleBinding | undefined;
  },
): IdentityStore => {
  const bindingOf = (p: PeerRef): RoleBinding => ({
    metadata: { name: READER_ROLE, namespace: peerNamespace(p.name), labels: labels(p) },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: READER_ROLE },
    subjects: READERS.map((name) => ({ kind: "ServiceAccount", name, namespace: o.systemNamespace })),
  });
  const bind = (p: PeerRef): Promise<void> => writeBinding(kube, bindingOf(p), MANAGER);

  const home = async (p: PeerRef): Promise<string> => {
    const name = peerNamespace(p.name);
    const namespace = await ensureHome(kube, { name, peer: p.name, clusterID: p.clusterID }, o.homeAt(name));
    await Promise.all([bind(p), applyIdentity(p)]);
    return namespace;
  };
  const applyIdentity = (p: PeerRef): Promise<unknown> => {
    const metadata = { name: IDENTITY_NAME, namespace: peerNamespace(p.name), labels: labels(p) };
    return kube.apply(identities, { metadata, spec: { clusterID: p.clusterID } }, { fieldManager: MANAGER });
  };

  return {
    home,
    bind,
    isBound: (p) => isBinding(o.bindingAt(peerNamespace(p.name)), bindingOf(p)),
    read: async (p) => {
      const secret = await kube.find(secrets, IDENTITY_SECRET, peerNamespace(p.name));
      return secret && parse(secret);
    },
    write: async (p, a, keys) => {
      const namespace = peerNamespace(p.name);
      const data = {
        server: b64(a.apiServer),
        "ca.crt": b64(a.ca),
        "tls.crt": b64(a.certificate),
        "tls.key": b64(privateKeyPem(keys.privateKey)),
        namespace: b64(a.tenantNamespace),
        tenant: b64(a.tenantUid),
        ...(a.token ? { token: b64(a.token) } : {}),
      };
      const secret: Secret = {
        metadata: { name: IDENTITY_SECRET, namespace, labels: labels(p) },
        type: "tideway.dev/identity",
        data,
      };
      await kube.apply(secrets, secret, { fieldManager: MANAGER });
      return parse(secret) as Held;
    },
    writeStatus: async (p, uid, status) => {
      const metadata = { name: IDENTITY_NAME, namespace: peerNamespace(p.name), ...(uid ? { uid } : {}) };
      await kube.apply<Identity>(
        identities,
        { metadata, status },
        { fieldManager: MANAGER, subresource: "status" },
      );
    },
    remove: async (p, c) => {
      const namespace = peerNamespace(p.name);
      const { systemNamespace } = o;
      const [gone] = await Promise.all([
        dropHome(kube, namespace, p.clusterID, { systemNamespace, now: o.now(), ...c }),
        kube.delete(secrets, IDENTITY_SECRET, namespace),
        kube.delete(identities, IDENTITY_NAME, namespace),
        kube.delete(roleBindings, READER_ROLE, namespace),
      ]);
      return gone;
    },
  };
};

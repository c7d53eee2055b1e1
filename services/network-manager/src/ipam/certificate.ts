/** The key and certificate of the IPAM service: kept in a Secret, told in a ConfigMap, the same for all replicas. */
import { ensureServerIdentity, PART_OF, type ServerIdentity } from "@tideway/grpc/server";
import { IPAM_CONFIG_MAP, SERVER_NAME } from "@tideway/ipamclient";
import { configMaps, type Kube } from "@tideway/k8s";
import { parseCertificate, spkiPin } from "@tideway/pki";

export const TLS_SECRET = "ipam-tls";

export const loadServerIdentity = async (
  kube: Pick<Kube, "find" | "create" | "get" | "apply">,
  namespace: string,
  now: number,
): Promise<ServerIdentity> => {
  const place = { secret: TLS_SECRET, namespace, dnsName: SERVER_NAME };
  const identity = await ensureServerIdentity(kube, place, now);
  const { certificate } = identity;
  const pin = spkiPin(parseCertificate(certificate, `Secret ${namespace}/${TLS_SECRET}, tls.crt`));
  await kube.apply(
    configMaps,
    { metadata: { name: IPAM_CONFIG_MAP, namespace, labels: PART_OF }, data: { "ca.crt": certificate, pin } },
    { fieldManager: "network-manager" },
  );
  return identity;
};

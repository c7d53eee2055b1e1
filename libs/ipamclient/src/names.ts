/** The name in the certificate of the IPAM service, whatever address it is reached under. */
export const SERVER_NAME = "tideway-ipam";
/** ConfigMap in the namespace of the services: `ca.crt` is the certificate to trust, `pin` its SPKI pin. */
export const IPAM_CONFIG_MAP = "ipam-ca";

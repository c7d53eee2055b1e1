import { SYSTEM_NAMESPACE } from "@tideway/api";

/** Where to look when a service has not done its part. */
export const SERVICE_NEXT = (service: string): string =>
  `see whether it runs: kubectl -n ${SYSTEM_NAMESPACE} get pods -l app.kubernetes.io/name=${service}\n` +
  `and what it says:   kubectl -n ${SYSTEM_NAMESPACE} logs deploy/${service}`;

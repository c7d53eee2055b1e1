import { type Static, Type } from "@sinclair/typebox";
import { commonConfig } from "@tideway/config";

export const admissionSchema = Type.Object({
  ...commonConfig,
  /** Port of the webhooks. */
  port: Type.Integer({ env: "WEBHOOK_PORT", default: 8443, minimum: 1, maximum: 65535 }),
  /** Service by which the API server reaches the webhooks; the certificate is for its name. */
  serviceName: Type.String({ env: "SERVICE_NAME", default: "admission", minLength: 1, maxLength: 63 }),
  /** How long a pod waits for the first fact about its namespace before it is denied, in ms. */
  factWaitMs: Type.Integer({ env: "FACT_WAIT_MS", default: 2000, minimum: 0, maximum: 4000 }),
  /** Life of a serving certificate, in days; a new one is made after two thirds of it. */
  certificateDays: Type.Integer({ env: "CERTIFICATE_DAYS", default: 90, minimum: 1, maximum: 3650 }),
});
export type AdmissionConfig = Static<typeof admissionSchema>;

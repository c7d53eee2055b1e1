import { readFileSync } from "node:fs";
import { InvalidError } from "@tideway/errors";
import { Type, type Static, type TObject } from "@sinclair/typebox";

/** What every service is told by its Deployment. Spread into the service's own schema. */
export const commonConfig = {
  /** Human name of this cluster, shown to peers. */
  clusterName: Type.String({ env: "TIDEWAY_CLUSTER_NAME", pattern: "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" }),
  /** Namespace the services run in. */
  namespace: Type.String({
    env: "TIDEWAY_NAMESPACE",
    default: "tideway-system",
    minLength: 1,
    maxLength: 63,
  }),
  podName: Type.String({ env: "POD_NAME", minLength: 1, maxLength: 253 }),
  podIP: Type.String({ env: "POD_IP", default: "127.0.0.1" }),
  busUrl: Type.String({
    env: "BUS_URL",
    default: "tls://bus.tideway-system.svc:4222",
    pattern: "^(nats|tls)://[^/\\s]+$",
  }),
  /** File with the NKey seed of this service; absent: the bus wants none (tests). */
  busSeedFile: Type.Optional(Type.String({ env: "BUS_SEED_FILE" })),
  /** File with the CA of the bus; absent: the system's. */
  busCaFile: Type.Optional(Type.String({ env: "BUS_CA_FILE" })),
  /** On how many servers of the bus each message is kept, 1 to 5: 3 with a cluster of three. Default 1. */
  busReplicas: Type.Integer({ env: "BUS_REPLICAS", default: 1, minimum: 1, maximum: 5 }),
  logLevel: Type.Union(
    [
      Type.Literal("trace"),
      Type.Literal("debug"),
      Type.Literal("info"),
      Type.Literal("warn"),
      Type.Literal("error"),
    ],
    { env: "LOG_LEVEL", default: "info" },
  ),
};

export type CommonConfig = Static<TObject<typeof commonConfig>>;

/** The trimmed text of a file named by configuration; undefined when no file is named. */
export const readOptionalFile = (path: string | undefined, field: string): string | undefined => {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new InvalidError(`${field} names ${path}, which cannot be read`, { cause });
  }
};

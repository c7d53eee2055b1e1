import { commonConfig, loadConfig, readOptionalFile } from "@tideway/config";
import { type Static, Type } from "@sinclair/typebox";
import type { Kind } from "./ports.ts";
import { parseRegistry } from "./registry/registry.ts";

const schema = Type.Object({
  ...commonConfig,
  /** File with the registry of kinds (ConfigMap replicator-kinds); absent: the default. */
  kindsFile: Type.Optional(Type.String({ env: "KINDS_FILE" })),
  /** Seconds between two looks at a peer that answers. */
  probeSeconds: Type.Number({ env: "PROBE_SECONDS", default: 5, minimum: 0.5, maximum: 60 }),
  /** Longest wait for one answer of a peer, seconds. */
  requestTimeoutSeconds: Type.Number({
    env: "REQUEST_TIMEOUT_SECONDS",
    default: 3,
    minimum: 0.5,
    maximum: 30,
  }),
  /** Longest pause before a peer that is away is tried again, seconds; it starts at 0.1 and doubles. */
  maxBackoffSeconds: Type.Number({ env: "MAX_BACKOFF_SECONDS", default: 2.5, minimum: 0.1, maximum: 60 }),
  /** After this many seconds without a sign a replica has lost its share of the peers. */
  leaseSeconds: Type.Integer({ env: "LEASE_SECONDS", default: 6, minimum: 2, maximum: 60 }),
  /** Objects worked on at the same time. */
  workers: Type.Integer({ env: "WORKERS", default: 32, minimum: 1, maximum: 256 }),
});

export interface ReplicatorConfig extends Static<typeof schema> {
  kinds: Kind[];
  busSeed: string | undefined;
  busCa: string | undefined;
}

/** The environment and the files it names, checked at once. */
export const replicatorConfig = (env: Record<string, string | undefined>): ReplicatorConfig => {
  const config = loadConfig(schema, env);
  return {
    ...config,
    kinds: parseRegistry(readOptionalFile(config.kindsFile, "kindsFile")),
    busSeed: readOptionalFile(config.busSeedFile, "busSeedFile"),
    busCa: readOptionalFile(config.busCaFile, "busCaFile"),
  };
};

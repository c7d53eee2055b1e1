export { type ApiServer, type ApiServerOptions, startApiServer } from "./api-server.ts";
export { binaries } from "./binaries.ts";
export { attachCluster, type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
export { BASE_IMAGE, NATS_IMAGE, WORKLOAD_IMAGE } from "./images/system.ts";
export { buildImages, loadImages } from "./images/services.ts";
export { type SandboxOptions, stopSandbox } from "./stop.ts";
export { type NatsServer, startNats } from "./nats.ts";
export { freePorts } from "./ports.ts";
export { until } from "./wait.ts";

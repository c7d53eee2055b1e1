import { SYSTEM_NAMESPACE } from "@tideway/api";
import { type Bus, connectBus } from "@tideway/bus";
import { type Kube, type Pod, pods, secrets } from "@tideway/k8s";
import { silentLogger } from "@tideway/log";
import { CliError } from "../exit.ts";
import { SERVICE_NEXT } from "../status/advice.ts";
import { type Forward, forwardPort, type PodPort } from "./port-forward.ts";

/** Secret of the user that may read the history and nothing else: keys `seed`, and `ca.crt` where the bus has TLS. */
const READER_SECRET = "bus-user-reader";
const BUS_PORT = 4222;
/** What services call the bus; its certificate names it, and we come by another way. */
const SERVER_NAME = `bus.${SYSTEM_NAMESPACE}.svc`;
const CONNECT_TIMEOUT_MS = 15_000;

export interface Reader {
  bus: Bus;
  close(): Promise<void>;
}

/** Connects to the cluster's bus as its read-only user, by a port-forward through the API server. */
export const openReader = async (
  kube: Kube,
  clusterID: string,
  o: { signal: AbortSignal; onTrouble: (m: string) => void },
): Promise<Reader> => {
  const secret = await kube.find(secrets, READER_SECRET, SYSTEM_NAMESPACE, { signal: o.signal });
  if (!secret)
    throw new CliError(
      `Secret ${SYSTEM_NAMESPACE}/${READER_SECRET} is missing: without it nobody may read the bus`,
    );
  await busPod(kube, o.signal); // fail at once when there is none
  let trouble = "";
  const onTrouble = (message: string): void => {
    trouble = message;
    o.onTrouble(message);
  };
  const forward = await forwardPort(kube.credentials, () => busPod(kube, o.signal), onTrouble);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), CONNECT_TIMEOUT_MS);
  try {
    const signal = AbortSignal.any([o.signal, late.signal]);
    const bus = await connectBus({ ...access(secret.data ?? {}, forward), clusterID, signal });
    return { bus, close: async () => void (await bus.close(), forward.close()) };
  } catch (cause) {
    forward.close();
    throw new CliError(`the bus does not answer${trouble ? `: ${trouble}` : ""}`, {
      cause,
      next: SERVICE_NEXT("bus"),
    });
  } finally {
    clearTimeout(timer);
  }
};

const access = (data: Record<string, string>, { host, port }: Forward) => {
  const text = (key: string): string | undefined => {
    const value = data[key];
    return value ? Buffer.from(value, "base64").toString("utf8").trim() : undefined;
  };
  const ca = text("ca.crt");
  return {
    url: `${ca ? "tls" : "nats"}://${host}:${port}`,
    service: "reader",
    seed: text("seed"),
    ca,
    serverName: SERVER_NAME,
    readOnly: true,
    log: silentLogger,
  };
};

/** Any pod of the bus that is ready; asked anew for every connection, since pods come and go. */
const busPod = async (kube: Kube, signal: AbortSignal): Promise<PodPort> => {
  const all = await kube.list(pods, {
    namespace: SYSTEM_NAMESPACE,
    labelSelector: "app.kubernetes.io/name=bus",
    signal,
  });
  const pod = all.find(isReady);
  if (pod) return { namespace: SYSTEM_NAMESPACE, pod: pod.metadata.name, port: BUS_PORT };
  throw new CliError(`no pod of the bus is ready in ${SYSTEM_NAMESPACE} (${all.length} there)`, {
    next: SERVICE_NEXT("bus"),
  });
};

const isReady = (pod: Pod): boolean =>
  !pod.metadata.deletionTimestamp &&
  (pod.status?.conditions ?? []).some((c) => c.type === "Ready" && c.status === "True");

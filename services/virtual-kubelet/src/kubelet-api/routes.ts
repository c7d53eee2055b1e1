/**
 * What the API server, kubectl through it, and scrapers ask of a kubelet, and how the same is asked of the
 * provider's API server. Pure.
 */
export interface PodTarget {
  namespace: string;
  pod: string;
  /** Empty for port-forward. */
  container: string;
}

export type StreamKind = "exec" | "attach" | "portforward";
export type Route =
  | { kind: "logs"; target: PodTarget }
  | { kind: "stream"; stream: StreamKind; target: PodTarget }
  | { kind: "summary" | "resource" | "pods" | "runningpods" | "healthz" };

const STREAMS: Readonly<Record<string, StreamKind>> = {
  exec: "exec",
  attach: "attach",
  portForward: "portforward",
};
const PLAIN: Readonly<Record<string, "summary" | "resource" | "pods" | "runningpods" | "healthz">> = {
  "/stats/summary": "summary",
  "/metrics/resource": "resource",
  "/pods": "pods",
  "/runningpods": "runningpods",
  "/healthz": "healthz",
};

const NAME = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;

/** `undefined` for names that no pod can have: nothing strange is ever pasted into a path of the provider. */
const targetOf = (parts: readonly string[], withContainer: boolean): PodTarget | undefined => {
  // kubelets take an optional pod UID between pod and container
  const [namespace = "", pod = ""] = parts;
  const container = withContainer ? (parts.at(-1) ?? "") : "";
  const lengths = withContainer ? [3, 4] : [2, 3];
  const names = withContainer ? [namespace, pod, container] : [namespace, pod];
  if (!lengths.includes(parts.length) || !names.every((n) => n.length <= 253 && NAME.test(n)))
    return undefined;
  return { namespace, pod, container };
};

/** `undefined`: not found. */
export const routeOf = (path: string): Route | undefined => {
  const plain = PLAIN[path.length > 1 ? path.replace(/\/$/, "") : path];
  if (plain) return { kind: plain };
  const [, head = "", ...rest] = path.split("/");
  if (head === "containerLogs") {
    const target = rest.length === 3 ? targetOf(rest, true) : undefined;
    return target && { kind: "logs", target };
  }
  const stream = Object.hasOwn(STREAMS, head) ? STREAMS[head] : undefined;
  const target = stream && targetOf(rest, stream !== "portforward");
  return target && { kind: "stream", stream, target };
};

/** Kubelets know these by other names than the API server: "1" or "true" there, "true" here. */
const FLAGS: Readonly<Record<string, string>> = {
  input: "stdin",
  output: "stdout",
  error: "stderr",
  tty: "tty",
};

const streamQuery = (stream: StreamKind, container: string, query: URLSearchParams): URLSearchParams => {
  const out = new URLSearchParams();
  if (stream === "portforward") {
    // only WebSockets say the ports here; SPDY says them stream by stream
    for (const list of [...query.getAll("port"), ...query.getAll("ports")])
      for (const port of list.split(",")) out.append("ports", port);
    return out;
  }
  out.set("container", container);
  for (const [theirs, ours] of Object.entries(FLAGS)) {
    const value = query.get(theirs) ?? query.get(ours);
    // said even when false: the API server takes an attach without stdout and stderr to mean both
    out.set(ours, String(value === "1" || value === "true"));
  }
  if (stream === "exec") for (const word of query.getAll("command")) out.append("command", word);
  return out;
};

const podPath = (twin: string, pod: string, sub: string): string =>
  `/api/v1/namespaces/${encodeURIComponent(twin)}/pods/${encodeURIComponent(pod)}/${sub}`;

/** Path and query at the provider's API server. */
export const streamPath = (
  stream: StreamKind,
  twin: string,
  t: PodTarget,
  query: URLSearchParams,
): string => {
  const text = streamQuery(stream, t.container, query).toString();
  return podPath(twin, t.pod, stream) + (text ? `?${text}` : "");
};

/** Every option of a log request is the same on both sides; those of a later Kubernetes pass as well. */
export const logsPath = (twin: string, t: PodTarget, query: URLSearchParams): string => {
  const out = new URLSearchParams(query);
  out.set("container", t.container);
  return `${podPath(twin, t.pod, "log")}?${out.toString()}`;
};

/** What a caller must be allowed on the node; one of them is enough. As the kubelet's own rules. */
export interface Access {
  verb: "get" | "create";
  subresources: readonly string[];
}

export const accessFor = (route: Route): Access => {
  switch (route.kind) {
    case "stream":
      return { verb: "create", subresources: ["proxy"] }; // also when opened by GET: it runs commands
    case "logs":
      return { verb: "get", subresources: ["proxy"] };
    case "summary":
      return { verb: "get", subresources: ["stats", "proxy"] };
    case "resource":
      return { verb: "get", subresources: ["metrics", "proxy"] };
    case "healthz":
      return { verb: "get", subresources: ["healthz", "proxy"] };
    case "pods":
    case "runningpods":
      return { verb: "get", subresources: ["pods", "proxy"] };
  }
};

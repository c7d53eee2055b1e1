import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { InvalidError } from "@tideway/errors";
import { parse } from "yaml";

/** How to reach an API server and who we are there. PEM strings; exactly one of cert+key or token is usual. */
export interface Credentials {
  /** https URL. */
  server: string;
  ca?: string;
  cert?: string;
  key?: string;
  /** Asked before every request, so that a rotated token is picked up. */
  token?: () => string | Promise<string>;
  insecure?: boolean;
  /** Namespace of the context or of the service account. */
  namespace?: string;
}

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Bound tokens are rotated on disk long before they expire (KEP-1205); once a minute is plenty. */
const TOKEN_REREAD_MS = 60_000;

const fileToken = (path: string): (() => string) => {
  let value = "";
  let readAt = 0;
  return () => {
    const now = Date.now();
    if (now - readAt > TOKEN_REREAD_MS) {
      value = readFileSync(path, "utf8").trim();
      readAt = now;
    }
    return value;
  };
};

const inCluster = (env: Record<string, string | undefined>): Credentials => {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT ?? "443";
  if (!host)
    throw new InvalidError("no cluster: neither KUBECONFIG is set nor does this run in a pod; set KUBECONFIG or pass --kubeconfig");
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: readFileSync(`${SERVICE_ACCOUNT}/ca.crt`, "utf8"),
    token: fileToken(`${SERVICE_ACCOUNT}/token`),
    namespace: readFileSync(`${SERVICE_ACCOUNT}/namespace`, "utf8").trim(),
  };
};

interface Named<K extends string, V> {
  clusters?: V[];
  name: string;
  _k?: K;
}
interface KubeConfigFile {
  "current-context"?: string;
  clusters?: (Named<"cluster", never> & { cluster: Record<string, string & boolean> })[];
  users?: (Named<"user", never> & { user: Record<string, string> })[];
  contexts?: (Named<"context", never> & { context: { cluster: string; user: string; namespace?: string } })[];
}

/** Reads one kubeconfig file. Exec and auth-provider plugins are not supported and are named as such. */
export const fromKubeconfig = (path: string, contextName?: string): Credentials => {
  const file = resolve(path.replace(/^~/, homedir()));
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new InvalidError(`kubeconfig ${file} cannot be read; check KUBECONFIG or --kubeconfig`, { cause });
  }
  const config = parse(text) as KubeConfigFile | null;
  const wanted = contextName ?? config?.["current-context"];
  const named = config?.contexts?.find((c) => c.name === wanted);
  if (!named) {
    const have = config?.contexts?.map((c) => c.name).join(", ") || "none";
    throw new InvalidError(`kubeconfig ${file} has no context "${wanted ?? ""}" (it has: ${have})`);
  }
  const cluster = config?.clusters?.find((c) => c.name === named.context.cluster)?.cluster;
  const user = config?.users?.find((u) => u.name === named.context.user)?.user ?? {};
  if (!cluster?.server) throw new InvalidError(`kubeconfig ${file}: cluster "${named.context.cluster}" has no server`);
  if (user.exec !== undefined || user["auth-provider"] !== undefined)
    throw new InvalidError(`kubeconfig ${file}: user "${named.context.user}" uses an exec or auth-provider plugin, which is not supported`);
  const pem = (from: Record<string, string | undefined>, key: string): string | undefined => {
    const data = from[`${key}-data`];
    if (data) return Buffer.from(data, "base64").toString("utf8");
    const at = from[key];
    return at ? readFileSync(resolve(dirname(file), at), "utf8") : undefined;
  };
  const ca = pem(cluster, "certificate-authority");
  const cert = pem(user, "client-certificate");
  const key = pem(user, "client-key");
  const { token, tokenFile } = user;
  return {
    server: cluster.server,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(tokenFile ? { token: fileToken(tokenFile) } : token ? { token: () => token } : {}),
    ...(cluster["insecure-skip-tls-verify"] ? { insecure: true } : {}),
    ...(named.context.namespace ? { namespace: named.context.namespace } : {}),
  };
};

/** KUBECONFIG when set, else the pod's service account, else ~/.kube/config where it exists. */
export const loadCredentials = (
  env: Record<string, string | undefined>,
  o: { kubeconfig?: string; context?: string } = {},
): Credentials => {
  const path = o.kubeconfig ?? env.KUBECONFIG?.split(":").find((p) => p !== "");
  if (path) return fromKubeconfig(path, o.context);
  if (env.KUBERNETES_SERVICE_HOST && !o.context) return inCluster(env);
  return fromKubeconfig(join(homedir(), ".kube", "config"), o.context);
};

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { InvalidError } from "@tideway/errors";
import { parse } from "yaml";
import { type ExecPlugin, execToken } from "./exec-credential.ts";

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
    throw new InvalidError(
      "no cluster: neither KUBECONFIG is set nor does this run in a pod; set KUBECONFIG or pass --kubeconfig",
    );
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: readFileSync(`${SERVICE_ACCOUNT}/ca.crt`, "utf8"),
    token: fileToken(`${SERVICE_ACCOUNT}/token`),
    namespace: readFileSync(`${SERVICE_ACCOUNT}/namespace`, "utf8").trim(),
  };
};

interface User {
  token?: string;
  tokenFile?: string;
  exec?: ExecPlugin;
  "auth-provider"?: unknown;
}
interface KubeConfigFile {
  "current-context"?: string;
  clusters?: { name: string; cluster: { server?: string; "insecure-skip-tls-verify"?: boolean } }[] | null;
  users?: { name: string; user: User }[] | null;
  contexts?: { name: string; context: { cluster: string; user: string; namespace?: string } }[] | null;
}
type Env = Record<string, string | undefined>;

const readConfig = (path: string): { file: string; config: KubeConfigFile } => {
  const file = resolve(path.replace(/^~/, homedir()));
  try {
    return { file, config: (parse(readFileSync(file, "utf8")) as KubeConfigFile | null) ?? {} };
  } catch (cause) {
    throw new InvalidError(`kubeconfig ${file} cannot be read; check KUBECONFIG or --kubeconfig`, { cause });
  }
};

/** Every file that counts; of several, as in KUBECONFIG, those that do not exist are passed over. */
const readConfigs = (paths: string[]): { file: string; config: KubeConfigFile }[] => {
  const there = paths.length > 1 ? paths.filter((p) => existsSync(p.replace(/^~/, homedir()))) : paths;
  return (there.length > 0 ? there : paths.slice(0, 1)).map(readConfig);
};

/** `<key>-data` as it is, else the file at `<key>`, relative to the kubeconfig. */
const pem = (from: object, key: string, file: string): string | undefined => {
  const of = from as Record<string, string | undefined>;
  const data = of[`${key}-data`];
  if (data) return Buffer.from(data, "base64").toString("utf8");
  const at = of[key];
  return at ? readFileSync(resolve(dirname(file), at), "utf8") : undefined;
};

const tokenOf = (user: User, file: string, env: Env): Credentials["token"] => {
  if (user.tokenFile) return fileToken(resolve(dirname(file), user.tokenFile));
  const { token } = user;
  if (token) return () => token;
  return user.exec ? execToken(user.exec, env) : undefined;
};

/**
 * Reads kubeconfig files, several merged as kubectl does: the first that names a thing wins. Credential plugins
 * are run with `env` when a token is needed; the old auth-provider plugins are not supported and named as such.
 */
export const fromKubeconfig = (
  paths: string | string[],
  contextName?: string,
  env: Env = {},
): Credentials => {
  const files = readConfigs([paths].flat());
  const where = `kubeconfig ${files.map((f) => f.file).join(", ")}`;
  const wanted = contextName ?? files.map((f) => f.config["current-context"]).find(Boolean);
  const contexts = files.flatMap((f) => f.config.contexts ?? []);
  const context = contexts.find((c) => c.name === wanted)?.context;
  if (!context) {
    const have = contexts.map((c) => c.name).join(", ") || "none";
    throw new InvalidError(`${where} has no context "${wanted ?? ""}" (it has: ${have})`);
  }
  const clusters = files.flatMap(({ file, config }) => (config.clusters ?? []).map((c) => ({ ...c, file })));
  const users = files.flatMap(({ file, config }) => (config.users ?? []).map((u) => ({ ...u, file })));
  const { cluster, file } = clusters.find((c) => c.name === context.cluster) ?? {};
  if (!cluster?.server || !file)
    throw new InvalidError(`${where}: cluster "${context.cluster}" has no server`);
  const { user = {}, file: userFile = file } = users.find((u) => u.name === context.user) ?? {};
  if (user["auth-provider"] !== undefined)
    throw new InvalidError(
      `${where}: user "${context.user}" uses an auth-provider plugin, which is not supported`,
    );
  const ca = pem(cluster, "certificate-authority", file);
  const cert = pem(user, "client-certificate", userFile);
  const key = pem(user, "client-key", userFile);
  const token = tokenOf(user, userFile, env);
  return {
    server: cluster.server,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(token ? { token } : {}),
    ...(cluster["insecure-skip-tls-verify"] ? { insecure: true } : {}),
    ...(context.namespace ? { namespace: context.namespace } : {}),
  };
};

const pathsOf = (env: Env, kubeconfig?: string): string[] => {
  if (kubeconfig) return [kubeconfig];
  return (env.KUBECONFIG ?? "").split(":").filter((p) => p !== "");
};
const defaultPath = (): string => join(homedir(), ".kube", "config");

/** `kubeconfig`, else KUBECONFIG when set, else the pod's service account, else ~/.kube/config. */
export const loadCredentials = (env: Env, o: { kubeconfig?: string; context?: string } = {}): Credentials => {
  const paths = pathsOf(env, o.kubeconfig);
  if (paths.length > 0) return fromKubeconfig(paths, o.context, env);
  if (env.KUBERNETES_SERVICE_HOST && !o.context) return inCluster(env);
  return fromKubeconfig(defaultPath(), o.context, env);
};

/** The names of the contexts there are. */
export const contextsOf = (env: Env, kubeconfig?: string): string[] => {
  const paths = pathsOf(env, kubeconfig);
  const files = readConfigs(paths.length > 0 ? paths : [defaultPath()]);
  return files.flatMap((f) => (f.config.contexts ?? []).map((c) => c.name));
};

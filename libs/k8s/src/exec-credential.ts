import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { InvalidError, UnavailableError } from "@tideway/errors";

/** The `exec` part of a kubeconfig user (client.authentication.k8s.io/v1). */
export interface ExecPlugin {
  command: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  apiVersion?: string;
}

interface ExecCredential {
  status?: { token?: string; expirationTimestamp?: string };
}

/** A token this close to its end is fetched anew. */
const MARGIN_MS = 60_000;
const PLUGIN_TIMEOUT_MS = 60_000;
const run = promisify(execFile);

/**
 * Asks a credential plugin (aws, gke-gcloud-auth-plugin, kubelogin) for tokens, and again shortly before each
 * expires. Plugins that want a terminal, or answer with a client certificate, are not supported.
 */
export const execToken = (
  plugin: ExecPlugin,
  env: Record<string, string | undefined>,
): (() => Promise<string>) => {
  let fresh: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    const apiVersion = plugin.apiVersion ?? "client.authentication.k8s.io/v1";
    const info = { apiVersion, kind: "ExecCredential", spec: { interactive: false } };
    const extra = Object.fromEntries((plugin.env ?? []).map((e) => [e.name, e.value]));
    const stdout = await run(plugin.command, plugin.args ?? [], {
      env: { ...env, ...extra, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: PLUGIN_TIMEOUT_MS,
    }).then(
      (done) => done.stdout,
      (cause: unknown) => {
        throw new UnavailableError(`credential plugin ${plugin.command} failed`, { cause });
      },
    );
    const { token, expirationTimestamp } = parse(plugin.command, stdout);
    fresh = { token, until: expirationTimestamp ? Date.parse(expirationTimestamp) - MARGIN_MS : Infinity };
    return token;
  };
  return async () => {
    if (fresh && Date.now() < fresh.until) return fresh.token;
    return await (asking ??= ask().finally(() => (asking = undefined)));
  };
};

const parse = (command: string, stdout: string): { token: string; expirationTimestamp?: string } => {
  let status: ExecCredential["status"];
  try {
    status = (JSON.parse(stdout) as ExecCredential).status;
  } catch {
    throw new InvalidError(`credential plugin ${command} did not answer with JSON`); // the cause would quote the token
  }
  if (!status?.token) throw new InvalidError(`credential plugin ${command} answered without a token`);
  return { ...status, token: status.token };
};

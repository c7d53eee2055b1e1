import type { Cli } from "../cli.ts";
import { isForMachines, renderDocument, renderTable } from "../output.ts";
import { VERSION } from "../version.ts";
import type { Deployment } from "../status/model.ts";

export interface Versions {
  client: string;
  kubernetes?: string;
  services?: Record<string, string>;
}

export const run = async (cli: Cli, _args: string[], options: { client?: boolean }): Promise<void> => {
  const versions: Versions = { client: VERSION, ...(options.client ? {} : await serverVersions(cli)) };
  const { format } = cli.globals;
  cli.io.out(isForMachines(format) ? await renderDocument(versions, format) : renderVersions(versions));
};

export const renderVersions = (v: Versions): string =>
  renderTable(
    ["COMPONENT", "VERSION"],
    [
      ["tideway (this CLI)", v.client],
      ...(v.kubernetes ? [["kubernetes", v.kubernetes]] : []),
      ...Object.entries(v.services ?? {}).map(([name, image]) => [name, image]),
    ],
  );

/** Versions over there; without a cluster at hand the CLI's own version is still an answer. */
const serverVersions = async (cli: Cli): Promise<Omit<Versions, "client">> => {
  const { deployments } = await import("../status/model.ts");
  const { SYSTEM_NAMESPACE } = await import("@tideway/api");
  const { describeError } = await import("@tideway/errors");
  try {
    const kube = await cli.kube();
    const signal = AbortSignal.any([cli.io.signal, AbortSignal.timeout(cli.globals.timeoutMs ?? 5_000)]);
    const answer = await kube.request({ method: "GET", path: "/version", signal });
    const { gitVersion } = (await answer.body.json()) as { gitVersion?: string };
    const found = await kube.list(deployments, { namespace: SYSTEM_NAMESPACE, signal });
    const services = Object.fromEntries(found.map((d) => [d.metadata.name, imageTag(d)]));
    return { ...(gitVersion ? { kubernetes: gitVersion } : {}), services };
  } catch (err) {
    cli.io.err(`no answer from a cluster: ${describeError(err)}`);
    return {};
  }
};

const imageTag = (d: Deployment): string => d.spec?.template?.spec?.containers?.[0]?.image ?? "unknown";

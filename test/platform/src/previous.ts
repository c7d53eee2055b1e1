import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cached, type Cluster } from "@tideway/sandbox";
import { checkout } from "./deploy.ts";

const exec = promisify(execFile);

/** The release before this one, whose clusters must work with this one's. Version 0.1.0. */
export const PREVIOUS_RELEASE = "8aad3d08db88cbd55688559a9b14cdffa3529365";

/** Another release of Tideway, complete in a folder of its own: it is built, deployed and spoken to by its own code. */
export interface Release {
  commit: string;
  /** Builds its images, brings them onto the cluster's nodes and applies its own manifests. */
  deploy(cluster: Cluster): Promise<void>;
  /** Its own CLI. */
  tideway(cluster: Cluster, ...args: string[]): Promise<string>;
}

const git = async (...args: string[]): Promise<string> =>
  (await exec("git", ["-C", checkout, ...args], { maxBuffer: 1 << 20 })).stdout.trim();

const requireCommit = async (commit: string): Promise<void> => {
  try {
    await git("cat-file", "-e", `${commit}^{commit}`);
  } catch (cause) {
    const isShallow = (await git("rev-parse", "--is-shallow-repository").catch(() => "")) === "true";
    const next = isShallow
      ? "this clone is shallow; run `git fetch --unshallow`"
      : "run `git fetch` from where it is";
    throw new Error(`commit ${commit}, the previous release, is not in ${checkout}: ${next}`, { cause });
  }
};

/** Sources, packages and bundles. An unfinished one never appears under its name, so none is ever trusted. */
const build =
  (commit: string) =>
  async (dir: string): Promise<void> => {
    await requireCommit(commit);
    await exec("bash", [
      "-euo",
      "pipefail",
      "-c",
      'git -C "$1" archive "$2" | tar -x -C "$3"',
      "-",
      checkout,
      commit,
      dir,
    ]);
    await exec("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: dir,
      maxBuffer: 64 << 20,
    });
    await exec(join(dir, "node_modules/.bin/node"), ["hack/build.ts"], { cwd: dir });
  };

const DEPLOY = `
import { attachCluster, buildImages, loadImages } from "@tideway/sandbox";
import { deployTideway, services } from "@tideway/platform";
const [name, dir] = process.argv.slice(1);
const cluster = await attachCluster(name, dir);
await loadImages(cluster, await buildImages([...services]));
await deployTideway(cluster);
`;

/** From the cache outside of the checkout, built there when it is missing: minutes once, then nothing. */
export const release = async (commit = PREVIOUS_RELEASE): Promise<Release> => {
  const dir = await cached({ name: "release", version: commit, inputs: [], build: build(commit) });
  const node = join(dir, "node_modules/.bin/node");
  // The package whose folder is the working directory decides what "@tideway/..." means.
  const run = (...args: string[]): Promise<{ stdout: string }> =>
    exec(node, ["--disable-warning=ExperimentalWarning", ...args], { cwd: dir, maxBuffer: 64 << 20 });
  return {
    commit,
    deploy: async (cluster) => {
      await run("--input-type=module", "--eval", DEPLOY, "--", cluster.name, dirname(cluster.kubeconfig));
    },
    tideway: async (cluster, ...args) =>
      (await run("cli/src/main.ts", "--kubeconfig", cluster.kubeconfig, ...args)).stdout,
  };
};

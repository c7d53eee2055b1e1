import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { binaries, buildImages, loadImages, startCluster, stopSandbox } from "@tideway/sandbox";
import { deployTideway, services } from "@tideway/platform";

/** Where the suite's clusters live; `make demo` has its own. */
export const DIR = resolve(import.meta.dirname, "../../.sandbox/e2e");

/**
 * Two fresh clusters of two nodes each with Tideway on both, not peered. TIDEWAY_KEEP=1 takes over clusters that are up and
 * leaves them up, for working on a test.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const keep = process.env.TIDEWAY_KEEP === "1";
  const build = spawnSync(process.execPath, ["hack/build.ts"], { stdio: "inherit" });
  if (build.status !== 0) throw new Error("the build failed; see above");
  if (!keep) await stopSandbox({ dir: DIR });
  const clusters = await Promise.all(
    ["east", "west"].map((name) => startCluster({ name, dir: DIR, nodes: 2 })),
  );
  // What single tests ask for and takes minutes to build, once: here no test's clock runs.
  await Promise.all([binaries.contour(), binaries.envoy()]);
  const images = await buildImages([...services]);
  await Promise.all(clusters.map((c) => loadImages(c, images)));
  await Promise.all(clusters.map((c) => deployTideway(c)));
  return async () => {
    if (!keep) await stopSandbox({ dir: DIR });
  };
}

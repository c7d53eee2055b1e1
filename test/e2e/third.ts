import { attachCluster, buildImages, loadImages, startCluster } from "@tideway/sandbox";
import { deployTideway, services } from "@tideway/platform";
import { DIR } from "./setup.ts";
import { sideOf, type Side } from "./world.ts";

const NAME = "north";

const isUp = async (): Promise<boolean> => {
  try {
    await (await attachCluster(NAME, DIR)).kubectl("get", "--raw", "/readyz");
    return true;
  } catch {
    return false;
  }
};

/**
 * The third cluster, with an overlay network (flannel) and the same addresses as the others. It is brought up by the first
 * file that needs it, and stays for the next; the suite takes it down with the others.
 */
export const third = async (): Promise<Side> => {
  if (!(await isUp())) {
    const cluster = await startCluster({ name: NAME, dir: DIR, nodes: 2, cni: "flannel" });
    await loadImages(cluster, await buildImages([...services]));
    await deployTideway(cluster);
  }
  return await sideOf(NAME);
};

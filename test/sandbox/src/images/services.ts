import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Cluster } from "../cluster.ts";
import { clusterPlace, placeOf } from "../layout.ts";
import { readLan } from "../network.ts";
import { nodesOf } from "../record.ts";
import { buildFrom } from "./containerfile.ts";
import { loadOnto } from "./load.ts";
import type { Image } from "./oci.ts";
import { baseImage } from "./system.ts";

const checkout = resolve(new URL("../../../../", import.meta.url).pathname);
const bundles = join(checkout, "dist", "services");

export const imageName = (service: string): string => `tideway.local/${service}:dev`;

/** Services with a bundle in `dist/services`. */
export const builtServices = (): string[] =>
  existsSync(bundles)
    ? readdirSync(bundles)
        .filter((s) => existsSync(join(bundles, s, "main.js")))
        .sort()
    : [];

/** Images of the services from deploy/Containerfile; none named means all that are built. */
export async function buildImages(services: readonly string[] = []): Promise<Image[]> {
  const source = readFileSync(join(checkout, "deploy", "Containerfile"), "utf8");
  const base = await baseImage();
  const names = services.length > 0 ? services : builtServices();
  if (names.length === 0) throw new Error(`no bundle in ${bundles}: build the services first`);
  return Promise.all(
    names.map((service) =>
      buildFrom({ source, name: imageName(service), context: checkout, args: { SERVICE: service }, base }),
    ),
  );
}

/** Brings images onto all nodes of a running cluster; gives the names that were new to any of them. */
export async function loadImages(
  cluster: Pick<Cluster, "name" | "kubeconfig">,
  images: readonly Image[],
): Promise<string[]> {
  const p = clusterPlace(placeOf({ dir: dirname(cluster.kubeconfig) }), cluster.name);
  const lan = readLan(p);
  if (!lan) throw new Error(`the sandbox of ${p.dir} is down`);
  const changed = await Promise.all(nodesOf(p, lan).map((n) => loadOnto(n, images)));
  return [...new Set(changed.flat())];
}

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { binaries } from "../binaries.ts";
import { cached, type Part } from "../cache.ts";
import { COREDNS_IMAGE } from "../coredns.ts";
import type { NodePlace } from "../layout.ts";
import { PAUSE_IMAGE } from "../node-config.ts";
import { run } from "../run.ts";
import { versions } from "../versions.ts";
import { loadOnto } from "./load.ts";
import { addLayer, type Blob, blobPath, composeImage, type Image, type ImageConfig, layer } from "./oci.ts";

export const NATS_IMAGE = `tideway.local/nats:${versions.nats}`;
export const WORKLOAD_IMAGE = "tideway.local/workload:1";
export const BASE_IMAGE = `tideway.local/node:${versions.node}`;

const DEBIAN_PACKAGES = [
  "ca-certificates",
  "curl",
  "iproute2",
  "iputils-ping",
  "nftables",
  "procps",
  "wireguard-tools",
];
export const PATH_ENV = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const binaryLayer = (file: string): Promise<Blob> => layer(["-C", dirname(file), basename(file)]);

/** On the path of the image. */
export const programLayer = (file: string): Promise<Blob> =>
  layer(["-C", dirname(file), "--transform=s,^,usr/local/bin/,", basename(file)]);

export async function single(name: string, file: string, config: ImageConfig): Promise<Image> {
  return composeImage(name, [await binaryLayer(file)], { Env: [PATH_ENV], ...config });
}

export const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let value: Promise<T> | undefined;
  return () => (value ??= make());
};

export const pauseImage = once(async () =>
  single(PAUSE_IMAGE, await binaries.pause(), { Entrypoint: ["/pause"], User: "65535:65535" }),
);

export const corednsImage = once(async () =>
  single(COREDNS_IMAGE, await binaries.coredns(), { Entrypoint: ["/coredns"] }),
);

export const natsImage = once(async () =>
  single(NATS_IMAGE, await binaries.nats(), { Entrypoint: ["/nats-server"], User: "65532:65532" }),
);

/** Made from packages since there is no registry of images; without what nobody reads in a container. */
export const debianPart = (
  name: string,
  packages: readonly string[],
  options: readonly string[] = [],
): Part => ({
  name,
  version: versions.debian,
  inputs: [...packages, ...options, "layer"],
  async build(dir) {
    const leaveOut = ["doc", "man", "locale", "info"].map((d) => `--dpkgopt=path-exclude=/usr/share/${d}/*`);
    const args = ["--variant=minbase", `--include=${packages.join(",")}`, ...leaveOut, ...options];
    const tar = join(dir, "rootfs.tar");
    await run("mmdebstrap", [...args, versions.debian, tar]);
    keepLayer(dir, await addLayer(tar));
    rmSync(tar);
  },
});

/** With Node, this is what `node:24-bookworm-slim` is. */
const debian = debianPart("debian", DEBIAN_PACKAGES);

const node: Part = {
  name: "node",
  version: versions.node,
  inputs: ["layer"],
  async build(dir) {
    const npm = join(dir, "npm");
    const bin = join(dir, "rootfs", "usr", "local", "bin");
    mkdirSync(npm);
    mkdirSync(bin, { recursive: true });
    await run("npm", ["install", "--prefix", npm, "--no-audit", "--no-fund", `node@${versions.node}`]);
    renameSync(join(npm, "node_modules", "node", "bin", "node"), join(bin, "node"));
    keepLayer(dir, await layer(["-C", join(dir, "rootfs"), "usr"]));
    for (const d of [npm, join(dir, "rootfs")]) rmSync(d, { recursive: true });
  },
};

/** The digest of a big layer is computed once. */
function keepLayer(dir: string, blob: Blob): void {
  writeFileSync(join(dir, "layer.json"), JSON.stringify(blob));
}

export async function layerOf(part: Part): Promise<Blob> {
  const dir = await cached(part);
  const blob = JSON.parse(readFileSync(join(dir, "layer.json"), "utf8")) as Blob;
  if (existsSync(blobPath(blob.digest))) return blob;
  rmSync(dir, { recursive: true, force: true }); // somebody emptied the store of blobs
  return layerOf(part);
}

/** One small layer of its own: a new version of the tunnel costs no new Debian. */
const wireguardLayer = async (): Promise<Blob> => programLayer(await binaries.wireguardGo());

export const baseLayers = once(async (): Promise<Blob[]> => [
  await layerOf(debian),
  await layerOf(node),
  await wireguardLayer(),
]);

export const baseImage = once(async () =>
  composeImage(BASE_IMAGE, await baseLayers(), {
    Env: [PATH_ENV, `NODE_VERSION=${versions.node}`],
    Cmd: ["node"],
  }),
);

/** A shell that waits, and ends at once when told to. */
export const WAIT = ["/usr/bin/bash", "-c", 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'];

/** For the demo and for tests of exec, cp and logs. */
export const workloadImage = once(async () =>
  composeImage(WORKLOAD_IMAGE, await baseLayers(), {
    Env: [PATH_ENV, `NODE_VERSION=${versions.node}`],
    Entrypoint: WAIT,
  }),
);

/** Without these no pod starts. */
export async function importSystemImages(node: NodePlace): Promise<void> {
  await loadOnto(node, await Promise.all([pauseImage(), corednsImage()]));
}

export async function importWorkloadImages(node: NodePlace): Promise<void> {
  await loadOnto(node, await Promise.all([baseImage(), workloadImage(), natsImage()]));
}

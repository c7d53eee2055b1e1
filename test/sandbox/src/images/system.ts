import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { binaries } from "../binaries.ts";
import { cached } from "../cache.ts";
import { COREDNS_IMAGE } from "../coredns.ts";
import type { NodePlace } from "../layout.ts";
import { PAUSE_IMAGE } from "../node-config.ts";
import { run } from "../run.ts";
import { versions } from "../versions.ts";
import { loadOnto } from "./load.ts";
import { addLayer, type Blob, composeImage, type Image, type ImageConfig, layer } from "./oci.ts";

export const NATS_IMAGE = `tideway.local/nats:${versions.nats}`;
export const WORKLOAD_IMAGE = "tideway.local/workload:1";
export const BASE_IMAGE = `tideway.local/node:${versions.node}`;

const DEBIAN_PACKAGES = ["ca-certificates", "curl", "iproute2", "iputils-ping", "nftables", "procps"];
const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const binaryLayer = (file: string): Promise<Blob> =>
  layer(["-C", dirname(file), file.slice(dirname(file).length + 1)]);

async function single(name: string, file: string, config: ImageConfig): Promise<Image> {
  return composeImage(name, [await binaryLayer(file)], { Env: [PATH], ...config });
}

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let value: Promise<T> | undefined;
  return () => (value ??= make());
};

export const pauseImage = once(async () =>
  single(PAUSE_IMAGE, await binaries.pause(), { Entrypoint: ["/pause"], User: "65535:65535" }),
);

export const corednsImage = once(async () => single(COREDNS_IMAGE, await binaries.coredns(), { Entrypoint: ["/coredns"] }));

export const natsImage = once(async () =>
  single(NATS_IMAGE, await binaries.nats(), { Entrypoint: ["/nats-server"], User: "65532:65532" }),
);

/** Debian and Node, as `node:24-bookworm-slim` has them, made from packages since there is no registry of images. */
const baseLayers = once(async (): Promise<Blob[]> => {
  const debian = await cached({
    name: "debian",
    version: versions.debian,
    inputs: DEBIAN_PACKAGES,
    async build(dir) {
      const leaveOut = ["doc", "man", "locale", "info"].map((d) => `--dpkgopt=path-exclude=/usr/share/${d}/*`);
      const include = `--include=${DEBIAN_PACKAGES.join(",")}`;
      await run("mmdebstrap", ["--variant=minbase", include, ...leaveOut, versions.debian, join(dir, "rootfs.tar")]);
    },
  });
  const node = await cached({
    name: "node",
    version: versions.node,
    inputs: [],
    async build(dir) {
      const prefix = join(dir, "npm");
      mkdirSync(prefix);
      await run("npm", ["install", "--prefix", prefix, "--no-audit", "--no-fund", `node@${versions.node}`]);
      mkdirSync(join(dir, "rootfs", "usr", "local", "bin"), { recursive: true });
      await run("cp", [join(prefix, "node_modules", "node", "bin", "node"), join(dir, "rootfs", "usr", "local", "bin", "node")]);
      await run("rm", ["-r", prefix]);
    },
  });
  return [await addLayer(join(debian, "rootfs.tar")), await layer(["-C", join(node, "rootfs"), "usr"])];
});

export const baseImage = once(async () =>
  composeImage(BASE_IMAGE, await baseLayers(), { Env: [PATH, `NODE_VERSION=${versions.node}`], Cmd: ["node"] }),
);

/** For the demo and for tests of exec, cp and logs: it waits, and ends at once when told to. */
export const workloadImage = once(async () =>
  composeImage(WORKLOAD_IMAGE, await baseLayers(), {
    Env: [PATH, `NODE_VERSION=${versions.node}`],
    Entrypoint: ["/usr/bin/bash", "-c", 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'],
  }),
);

/** Without these no pod starts. */
export async function importSystemImages(node: NodePlace): Promise<void> {
  await loadOnto(node, await Promise.all([pauseImage(), corednsImage()]));
}

export async function importWorkloadImages(node: NodePlace): Promise<void> {
  await loadOnto(node, await Promise.all([baseImage(), workloadImage(), natsImage()]));
}

import { join } from "node:path";
import type { Cluster } from "../cluster.ts";
import { loadImages } from "./services.ts";
import { composeImage, type Image, type ImageConfig, layer } from "./oci.ts";
import { baseLayers, debianPart, layerOf, once, PATH_ENV, WAIT } from "./system.ts";

/** Software not written here, for tests that need a real application, and the tools to look at its network. */
const PACKAGES = [
  ...["ca-certificates", "curl", "iproute2", "iputils-ping", "procps"],
  ...["nginx-light", "redis-server", "redis-tools", "postgresql"],
  ...["bind9-dnsutils", "iperf3", "netcat-openbsd", "rsync", "socat", "tcpdump"],
];

const USER = "10001:10001";

/** One layer for all: a node takes it once. The compiler for queries and Debian's own database are left out. */
const debian = debianPart("debian-app", PACKAGES, [
  "--dpkgopt=path-exclude=/usr/lib/*/libLLVM-*",
  "--dpkgopt=path-exclude=/usr/lib/postgresql/*/lib/bitcode/*",
  '--customize-hook=rm -rf "$1"/var/lib/postgresql/*',
  '--customize-hook=chroot "$1" useradd --uid 10001 --user-group --create-home --home-dir /var/lib/app app',
]);

const sources = new URL("../../images/", import.meta.url).pathname;
const files = (name: string): ReturnType<typeof layer> =>
  layer(["-C", join(sources, name), "--transform=s,^\\.,app,", "."]);

const onDebian = (name: string, config: ImageConfig, own: boolean) => async (): Promise<Image> =>
  composeImage(`tideway.local/${name}:1`, [await layerOf(debian), ...(own ? [await files(name)] : [])], {
    Env: [PATH_ENV],
    WorkingDir: "/var/lib/app",
    ...config,
  });

const redis = [
  "redis-server",
  "--bind",
  "0.0.0.0",
  "--protected-mode",
  "no",
  "--save",
  "",
  "--appendonly",
  "no",
];

const makers = {
  "app-nginx": onDebian(
    "app-nginx",
    { Entrypoint: ["/app/start.sh"], User: USER, StopSignal: "SIGQUIT" },
    true,
  ),
  "app-redis": onDebian("app-redis", { Entrypoint: redis, User: USER }, false),
  "app-postgres": onDebian(
    "app-postgres",
    { Entrypoint: ["/app/start.sh"], User: USER, StopSignal: "SIGINT" },
    true,
  ),
  "app-node": async (): Promise<Image> =>
    composeImage("tideway.local/app-node:1", [...(await baseLayers()), await files("app-node")], {
      Env: [PATH_ENV],
      Entrypoint: ["node", "/app/main.ts"],
      User: USER,
    }),
  // deploy/mover.Containerfile is the image that ships
  mover: onDebian("mover", { Entrypoint: ["/bin/bash"] }, false),
  "net-tools": onDebian("net-tools", { Entrypoint: WAIT }, false),
};

export type AppImageName = keyof typeof makers;
export const appImageNames = Object.keys(makers) as AppImageName[];

/** The name that a pod asks for. */
export const appImage = (name: AppImageName): string => `tideway.local/${name}:1`;

const images = Object.fromEntries(appImageNames.map((n) => [n, once(makers[n])])) as Record<
  AppImageName,
  () => Promise<Image>
>;

/** Builds them where need be (once, about 40 s) and brings them onto every node; gives the names that were new. */
export async function loadAppImages(
  cluster: Pick<Cluster, "name" | "kubeconfig">,
  names: readonly AppImageName[] = appImageNames,
): Promise<string[]> {
  return loadImages(cluster, await Promise.all(names.map((n) => images[n]())));
}

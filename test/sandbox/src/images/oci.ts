import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheRoot } from "../cache.ts";
import { run } from "../run.ts";

/** Writes OCI images directly: a tar a layer and two small JSON files need no builder daemon and no privileges. */
export interface Blob {
  mediaType: string;
  digest: string;
  size: number;
}

export interface ImageConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  WorkingDir?: string;
  User?: string;
  StopSignal?: string;
  ExposedPorts?: Record<string, object>;
  Labels?: Record<string, string>;
}

export interface Image {
  name: string;
  manifest: Blob;
  layers: Blob[];
  config: ImageConfig;
  configBlob: Blob;
}

const LAYER = "application/vnd.oci.image.layer.v1.tar"; // not compressed: nothing travels over a wire
const CONFIG = "application/vnd.oci.image.config.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

const blobDir = (): string => join(cacheRoot(), "blobs", "sha256");
export const blobPath = (digest: string): string => join(blobDir(), digest.slice("sha256:".length));

export function writeBlob(mediaType: string, content: string): Blob {
  const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
  if (!existsSync(blobPath(digest))) {
    const temp = temporary();
    writeFileSync(temp, content);
    renameSync(temp, blobPath(digest));
  }
  return { mediaType, digest, size: Buffer.byteLength(content) };
}

/** Takes the tar over into the store; its content must be the same for the same input. */
export async function addLayer(tar: string): Promise<Blob> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(tar), hash);
  const digest = `sha256:${hash.digest("hex")}`;
  const size = statSync(tar).size;
  if (!existsSync(blobPath(digest))) {
    const temp = temporary();
    linkOrCopy(tar, temp);
    renameSync(temp, blobPath(digest));
  }
  return { mediaType: LAYER, digest, size };
}

/** A layer from `tar` arguments such as `-C dir .`; neither times nor owners of the checkout get in. */
export async function layer(tarArgs: readonly string[]): Promise<Blob> {
  const temp = temporary();
  try {
    const same = [
      "--sort=name",
      "--mtime=@0",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mode=u+rwX,go+rX,go-w",
    ];
    await run("tar", ["-c", "-f", temp, ...same, ...tarArgs]);
    return await addLayer(temp);
  } finally {
    rmSync(temp, { force: true });
  }
}

export function composeImage(name: string, layers: Blob[], config: ImageConfig): Image {
  const configBlob = writeBlob(
    CONFIG,
    JSON.stringify({
      architecture: process.arch === "x64" ? "amd64" : process.arch,
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: layers.map((l) => l.digest) },
    }),
  );
  const manifest = writeBlob(
    MANIFEST,
    JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: configBlob, layers }),
  );
  return { name, manifest, layers, config, configBlob };
}

/** A directory in OCI layout that points to the blobs; `present` are left out, the reader has them. */
export function writeLayout(images: readonly Image[], present: ReadonlySet<string>): string {
  const dir = mkdtempSync(join(tmpdir(), "tideway-images-"));
  mkdirSync(join(dir, "blobs", "sha256"), { recursive: true });
  const wanted = images.flatMap((i) => [i.manifest, i.configBlob, ...i.layers]);
  for (const digest of new Set(wanted.map((b) => b.digest))) {
    if (present.has(digest)) continue;
    symlinkSync(blobPath(digest), join(dir, "blobs", "sha256", digest.slice("sha256:".length)));
  }
  const manifests = images.map((i) => ({
    ...i.manifest,
    annotations: { "io.containerd.image.name": i.name },
  }));
  writeFileSync(join(dir, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(join(dir, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return dir;
}

let serial = 0;
function temporary(): string {
  mkdirSync(blobDir(), { recursive: true });
  return join(blobDir(), `.new-${process.pid}-${serial++}`);
}

function linkOrCopy(from: string, to: string): void {
  linkSync(from, to);
}

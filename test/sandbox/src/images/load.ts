import { rmSync } from "node:fs";
import type { NodePlace } from "../layout.ts";
import { withLock } from "../lock.ts";
import { ctr } from "../node.ts";
import { run } from "../run.ts";
import { type Image, writeLayout } from "./oci.ts";

/** Brings the images onto the node in one go, and only what it has not got. Gives the names that changed. */
export function loadOnto(node: NodePlace, images: readonly Image[]): Promise<string[]> {
  return withLock(`${node.run}/images.lock`, async () => {
    const have = await imagesOf(node);
    const missing = images.filter((i) => have.get(i.name) !== i.manifest.digest);
    if (missing.length === 0) return [];
    const blobs = new Set((await ctr(node, "content", "ls", "-q")).split("\n"));
    const dir = writeLayout(missing, blobs);
    try {
      const script = 'tar -c -h -f - -C "$1" . | ctr --address "$2" --namespace k8s.io images import -';
      await run("sh", ["-ec", script, "sh", dir, node.socket]);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    return missing.map((i) => i.name);
  });
}

/** The images that the first node has and the second lacks, whoever brought them. */
export function copyImages(from: NodePlace, to: NodePlace): Promise<void> {
  return withLock(`${to.run}/images.lock`, async () => {
    const have = await imagesOf(to);
    const named = [...(await imagesOf(from))].filter(([n]) => n.startsWith("tideway.local/"));
    const missing = named.filter(([n, digest]) => have.get(n) !== digest).map(([n]) => n);
    if (missing.length === 0) return;
    const script =
      'from=$1; to=$2; shift 2; ctr --address "$from" --namespace k8s.io images export - "$@" | ' +
      'ctr --address "$to" --namespace k8s.io images import -';
    await run("sh", ["-ec", script, "sh", from.socket, to.socket, ...missing]);
  });
}

/** Image name -> digest of its manifest. */
async function imagesOf(node: NodePlace): Promise<Map<string, string>> {
  const lines = (await ctr(node, "images", "ls")).split("\n").slice(1);
  return new Map(lines.map((l) => l.split(/\s+/)).map(([name, , digest]) => [name ?? "", digest ?? ""]));
}

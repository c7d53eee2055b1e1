import { type ConfigMap, configMaps, type Pod, pods, type Secret, secrets } from "@tideway/k8s";
import { type Bed, seen, watching } from "./bed.ts";
import { type Result, summarise } from "./result.ts";

const reader = (kind: "configMap" | "secret", names: string[]): Pod => ({
  metadata: { name: `reads-${kind.toLowerCase()}`, namespace: "bench" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image: "tideway.local/workload:1" }],
    volumes: names.map((name, i) => ({
      name: `v${i}`,
      [kind]: kind === "secret" ? { secretName: name } : { name },
    })),
  },
});

const COUNT = 100;

/** Changes of referred ConfigMaps and Secrets, until the other side has them. */
export const benchReflection = async (bed: Bed, twin: string, rounds: number): Promise<Result[]> => {
  const results: Result[] = [];
  for (const [label, resource, kind] of [
    ["ConfigMap", configMaps, "configMap"],
    ["Secret", secrets, "secret"],
  ] as const) {
    const names = Array.from({ length: COUNT }, (_, i) => `${label.toLowerCase()}-${i}`);
    const value = (x: string): string => (kind === "secret" ? Buffer.from(x).toString("base64") : x);
    const object = (name: string, x: string): ConfigMap & Secret => ({
      metadata: { name, namespace: "bench" },
      data: { x: value(x) },
    });
    await Promise.all(
      names.map((name) => bed.east.kube.create(resource as never, object(name, "0") as never)),
    );
    await bed.east.kube.create(pods, reader(kind, names));
    await using remote = await watching(bed, bed.west, resource as never, { namespace: twin });
    const has = (name: string, x: string): boolean =>
      (remote.get(`${twin}/${name}`) as ConfigMap | undefined)?.data?.x === value(x);
    await seen(remote, `${label}s reflected`, () => names.every((n) => has(n, "0")), 120_000);

    const write = (name: string, x: string): Promise<unknown> =>
      bed.east.kube.patch(resource, name, "bench", { data: { x: value(x) } });
    const single: number[] = [];
    for (let i = 1; i <= rounds; i++) {
      const startedAt = performance.now();
      await write(names[0]!, String(i));
      await seen(remote, `${label} change`, () => has(names[0]!, String(i)));
      single.push(performance.now() - startedAt);
    }
    const together: number[] = [];
    for (let i = 1; i <= rounds; i++) {
      const startedAt = performance.now();
      await Promise.all(names.map((name) => write(name, `t${i}`)));
      await seen(remote, `${COUNT} ${label}s`, () => names.every((n) => has(n, `t${i}`)));
      together.push(performance.now() - startedAt);
    }
    await bed.east.kube.delete(pods, `reads-${kind.toLowerCase()}`, "bench", { gracePeriodSeconds: 0 });
    const one = summarise(single);
    const all = summarise(together);
    results.push({
      name: `${label} change to the other side`,
      unit: "ms",
      ...one,
      target: "p50 <= 15",
      met: one.p50 <= 15,
    });
    results.push({
      name: `${COUNT} ${label}s at once`,
      unit: "ms",
      ...all,
      target: "p50 <= 500",
      met: all.p50 <= 500,
    });
  }
  return results;
};

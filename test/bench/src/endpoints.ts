import { type EndpointSlice, endpointSlices, namespaces, type Service, services } from "@tideway/k8s";
import { until } from "@tideway/sandbox";
import { type Bed, seen, type Side, watching } from "./bed.ts";
import { makeProbe, NS, PORT, TWIN } from "./network-bed.ts";
import { type Result, summarise } from "./result.ts";
import { watchAddress } from "./watch-address.ts";

const SERVICE = "kubernetes.io/service-name";
const service = (name: string, namespace = NS): Service => ({
  metadata: { name, namespace },
  spec: { ports: [{ name: "http", port: PORT }] }, // no selector: its slices are ours to write
});
const slice = (name: string, of: string, addresses: readonly string[], namespace = NS): EndpointSlice => ({
  metadata: { name, namespace, labels: { [SERVICE]: of } },
  addressType: "IPv4",
  ports: [{ name: "http", protocol: "TCP", port: PORT }],
  endpoints: addresses.map((a) => ({ addresses: [a], conditions: { ready: true } })),
});

const drop = async (
  s: Side,
  names: readonly string[],
  slices: readonly string[],
  namespace = NS,
): Promise<void> => {
  await Promise.all([
    ...slices.map((name) => s.kube.delete(endpointSlices, name, namespace)),
    ...names.map((name) => s.kube.delete(services, name, namespace)),
  ]);
};

/** One endpoint becomes ready and goes again; how long until a pod of each side gets an answer at the Service. */
export const benchUsable = async (bed: Bed, rounds: number): Promise<Result[]> => {
  const { east, west } = bed;
  const [first = "", second = ""] = east.cluster.nodes;
  const backend = await makeProbe(east, { name: "backend", namespace: NS, hostname: first });
  await makeProbe(east, { name: "near", namespace: NS, hostname: second });
  await makeProbe(east, { name: "far", namespace: NS, hostname: "west" });
  const here = await east.kube.create(services, service("toggled"));
  const there = await until(() => west.kube.find(services, "toggled", TWIN), { what: "the Service on west" });
  const at = (s: Service): { host: string; port: number } => ({ host: s.spec?.clusterIP ?? "", port: PORT });
  const near = await watchAddress(east.cluster, NS, "near", at(here));
  const far = await watchAddress(west.cluster, TWIN, "far", at(there));
  const own: number[] = [];
  const across: number[] = [];
  const added: number[] = [];
  try {
    for (let i = 0; i < rounds; i++) {
      const startedAt = performance.timeOrigin + performance.now();
      await east.kube.create(endpointSlices, slice("toggled", "toggled", [backend.status?.podIP ?? ""]));
      const [a, b] = await Promise.all([near.next("up"), far.next("up")]);
      own.push(a - startedAt);
      across.push(b - startedAt);
      added.push(b - a);
      await east.kube.delete(endpointSlices, "toggled", NS);
      await Promise.all([near.next("down"), far.next("down")]);
    }
  } finally {
    near.close();
    far.close();
    await drop(east, ["toggled"], ["toggled"]);
    for (const name of ["backend", "near", "far"])
      await east.cluster.kubectl("-n", NS, "delete", "pod", name, "--now");
  }
  const s = summarise(across);
  const ref = summarise(own).p50;
  return [
    {
      name: "endpoint ready on one side, usable on the other",
      unit: "ms",
      ...s,
      reference: ref,
      ratio: s.p50 / ref,
      target: "p50 at most 100 ms above one cluster",
      met: summarise(added).p50 <= 100,
    },
  ];
};

const MANY = 1_000;
const PER_SLICE = 100;
const SERVICES = 100;
const HUNDRED = Array.from({ length: SERVICES }, (_, i) => `s${i}`);
/** In a namespace that stays at home: what one cluster alone needs for the same. */
const ALONE = "alone";

const createHundred = (s: Side, namespace: string): Promise<unknown> =>
  Promise.all(
    HUNDRED.flatMap((name, i) => [
      s.kube.create(services, service(name, namespace)),
      s.kube.create(endpointSlices, slice(name, name, [`10.200.1.${i + 1}`], namespace)),
    ]),
  );

/** Each time: from the first request until a watch has shown all of them. */
const oneClusterAlone = async (bed: Bed, rounds: number): Promise<number[]> => {
  const { east } = bed;
  await east.kube.create(namespaces, { metadata: { name: ALONE } });
  await using haveServices = await watching(bed, east, services, { namespace: ALONE });
  await using haveSlices = await watching(bed, east, endpointSlices, { namespace: ALONE });
  const took: number[] = [];
  const both = (size: number): Promise<unknown> =>
    Promise.all([
      seen(haveServices, "Services of one cluster", () => haveServices.size === size),
      seen(haveSlices, "slices of one cluster", () => haveSlices.size === size),
    ]);
  for (let i = 0; i < rounds; i++) {
    const startedAt = performance.now();
    await Promise.all([createHundred(east, ALONE), both(SERVICES)]);
    took.push(performance.now() - startedAt);
    await drop(east, HUNDRED, HUNDRED, ALONE);
    await both(0);
  }
  await east.kube.delete(namespaces, ALONE);
  return took;
};

/** What is reflected of Services and slices, from the first request until the provider has them. */
export const benchSlices = async (bed: Bed, rounds: number): Promise<Result[]> => {
  const { east } = bed;
  await using thereSlices = await watching(bed, bed.west, endpointSlices, { namespace: TWIN });
  await using thereServices = await watching(bed, bed.west, services, { namespace: TWIN });
  thereSlices.index(SERVICE, (s) => [s.metadata.labels?.[SERVICE] ?? ""]);
  const endpointsOf = (name: string): number =>
    thereSlices.byIndex(SERVICE, name).reduce((sum, s) => sum + (s.endpoints ?? []).length, 0);
  const has = (name: string): boolean => thereServices.get(`${TWIN}/${name}`) !== undefined;
  const times: Record<"many" | "hundred" | "service" | "slice", number[]> = {
    many: [],
    hundred: [],
    service: [],
    slice: [],
  };
  const timed = async (
    into: number[],
    work: () => Promise<unknown>,
    done: () => Promise<void>,
  ): Promise<void> => {
    const startedAt = performance.now();
    const seenThere = done();
    await work();
    await seenThere;
    into.push(performance.now() - startedAt);
  };
  for (let round = 0; round < rounds; round++) {
    // One Service, then one slice of it.
    await timed(
      times.service,
      () => east.kube.create(services, service("one")),
      () => seen(thereServices, "one Service", () => has("one")),
    );
    await timed(
      times.slice,
      () => east.kube.create(endpointSlices, slice("one", "one", ["10.200.0.250"])),
      () => seen(thereSlices, "one slice", () => endpointsOf("one") === 1),
    );
    await drop(east, ["one"], ["one"]);
    await seen(thereSlices, "the slice gone", () => endpointsOf("one") === 0);
    await seen(thereServices, "the Service gone", () => !has("one"));
  }
  const many = Math.ceil(rounds / 2);
  const names = HUNDRED;
  for (let round = 0; round < many; round++) {
    await timed(
      times.hundred,
      () => createHundred(east, NS),
      async () => {
        const all = (): boolean => names.every((n) => has(n) && endpointsOf(n) === 1);
        await Promise.all([
          seen(thereServices, "100 Services", () => names.every(has)),
          seen(thereSlices, "100 slices", () => names.every((n) => endpointsOf(n) === 1)),
        ]);
        if (!all()) throw new Error("bench: a Service or slice went again");
      },
    );
    await drop(east, names, names);
    await seen(thereSlices, "100 slices gone", () => names.every((n) => endpointsOf(n) === 0));
    await seen(thereServices, "100 Services gone", () => !names.some(has));

    const slices = Array.from({ length: MANY / PER_SLICE }, (_, i) => `many-${i}`);
    await east.kube.create(services, service("many"));
    await seen(thereServices, "the Service of many", () => has("many"));
    await timed(
      times.many,
      () =>
        Promise.all(
          slices.map((name, i) =>
            east.kube.create(
              endpointSlices,
              slice(
                name,
                "many",
                Array.from({ length: PER_SLICE }, (_, n) => `10.200.${100 + i}.${n + 1}`),
              ),
            ),
          ),
        ),
      () => seen(thereSlices, "1,000 endpoints", () => endpointsOf("many") === MANY),
    );
    await drop(east, ["many"], slices);
    await seen(thereSlices, "1,000 endpoints gone", () => endpointsOf("many") === 0);
    await seen(thereServices, "the Service of many gone", () => !has("many"));
  }
  const alone = summarise(await oneClusterAlone(bed, many)).p50;
  const row = (name: string, samples: number[], limit: number, what = `p50 <= ${limit}`): Result => {
    const s = summarise(samples);
    return { name, unit: "ms", ...s, target: what, met: s.p50 <= limit };
  };
  return [
    row("1,000 endpoints to the other side", times.many, 3_000),
    {
      ...row("100 Services with their EndpointSlices to the other side", times.hundred, 800),
      reference: alone,
      ratio: summarise(times.hundred).p50 / alone,
    },
    row("one Service to the other side", times.service, 29),
    row("one EndpointSlice to the other side", times.slice, 32),
  ];
};

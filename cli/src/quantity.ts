/** Kubernetes quantities, as far as a table of capacities needs them. */

const FACTOR: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number a quantity stands for (`250m` -> 0.25, `1Gi` -> 1073741824); NaN when it is none. */
export const parseQuantity = (text: string | number): number => {
  const m = /^([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(String(text));
  return m ? Number(m[1]) * (FACTOR[m[2] ?? ""] ?? Number.NaN) : Number.NaN;
};

const round = (n: number): string => String(Math.round(n * 100) / 100);

/** `cpu` in cores, sizes in the largest binary unit that fits, everything else as it is. */
export const formatQuantity = (resource: string, n: number): string => {
  if (!Number.isFinite(n)) return "-";
  if (!/memory|storage|hugepages/.test(resource)) return round(n);
  const unit = ["Ei", "Pi", "Ti", "Gi", "Mi", "Ki"].find((u) => n >= (FACTOR[u] ?? 0));
  return unit ? `${round(n / (FACTOR[unit] ?? 1))}${unit}` : round(n);
};

export type Resources = Record<string, number>;

export const addResources = (into: Resources, list: Record<string, string> | undefined): Resources => {
  for (const [name, q] of Object.entries(list ?? {})) {
    const n = parseQuantity(q);
    if (Number.isFinite(n)) into[name] = (into[name] ?? 0) + n;
  }
  return into;
};

interface Requests {
  resources?: { requests?: Record<string, string> };
  restartPolicy?: string;
}
interface PodLike {
  spec?: { containers?: Requests[]; initContainers?: Requests[]; overhead?: Record<string, string> };
}

/**
 * What a pod reserves on its node, by the scheduler's rule: the sum of its containers and sidecars or its
 * largest init container, whichever is more, and its overhead.
 */
export const podRequests = (pod: PodLike): Resources => {
  const running: Resources = {};
  const peak: Resources = {};
  for (const c of pod.spec?.containers ?? []) addResources(running, c.resources?.requests);
  for (const c of pod.spec?.initContainers ?? []) {
    if (c.restartPolicy === "Always") addResources(running, c.resources?.requests);
    else
      for (const [name, n] of Object.entries(addResources({}, c.resources?.requests)))
        peak[name] = Math.max(peak[name] ?? 0, n);
  }
  for (const [name, n] of Object.entries(peak)) running[name] = Math.max(running[name] ?? 0, n);
  return addResources(running, pod.spec?.overhead);
};

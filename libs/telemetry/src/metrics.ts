import * as prom from "prom-client";

/** A label whose values are not known beforehand (a peer's name): its series appear when first used. */
export const OPEN = "open";
/** Each label with its closed set of values, so that every series stands at 0 from the start, or `OPEN`. */
export type LabelSets = Readonly<Record<string, readonly string[] | typeof OPEN>>;
export type LabelValues<L extends LabelSets> = {
  [K in keyof L]: L[K] extends readonly (infer V extends string)[] ? V : string;
};

export interface MetricOptions<L extends LabelSets> {
  /** Full name with unit: `tideway_bus_publish_total`. */
  name: string;
  help: string;
  labels?: L;
}
/** The series there are now, with their values. */
export type Series<L extends LabelSets> = () => Iterable<readonly [labels: LabelValues<L>, value: number]>;
export interface Counter<L extends LabelSets> {
  inc(labels: LabelValues<L>, by?: number): void;
  /** All series, read at every scrape: for what is counted elsewhere. Not beside `inc`. */
  collectAll(read: Series<L>): void;
}
export interface Gauge<L extends LabelSets> {
  set(labels: LabelValues<L>, value: number): void;
  /** Read at every scrape; for one series without open labels. */
  collect(labels: LabelValues<L>, read: () => number): void;
  /** All series, read at every scrape; one that is not named any more is gone. Not beside `set`. */
  collectAll(read: Series<L>): void;
  /** The series is gone, with the peer it told of. */
  remove(labels: LabelValues<L>): void;
}
export interface Histogram<L extends LabelSets> {
  observe(labels: LabelValues<L>, value: number): void;
}
export interface Metrics {
  readonly registry: prom.Registry;
  counter<const L extends LabelSets = Record<never, never>>(o: MetricOptions<L>): Counter<L>;
  gauge<const L extends LabelSets = Record<never, never>>(o: MetricOptions<L>): Gauge<L>;
  /** `buckets` default: seconds, from 1 ms to 30 s. */
  histogram<const L extends LabelSets = Record<never, never>>(
    o: MetricOptions<L> & { buckets?: number[] },
  ): Histogram<L>;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every combination of closed label values; none as soon as one label is open. */
const series = (labels: LabelSets = {}): Record<string, string>[] =>
  Object.entries(labels).reduce<Record<string, string>[]>(
    (rows, [name, values]) =>
      values === OPEN ? [] : rows.flatMap((row) => values.map((v) => ({ ...row, [name]: v }))),
    [{}],
  );

const processMetrics = (registry: prom.Registry): void => {
  new prom.Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of the process",
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new prom.Gauge({
    name: "process_start_time_seconds",
    help: "Start of the process since the Unix epoch",
    registers: [registry],
  }).set(Math.floor(Date.now() / 1000 - process.uptime()));
  new prom.Counter({
    name: "process_cpu_seconds_total",
    help: "User and system time of the process",
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
};

export const createMetrics = (service: string): Metrics => {
  const registry = new prom.Registry();
  registry.setDefaultLabels({ service });
  processMetrics(registry);
  const base = <L extends LabelSets>(o: MetricOptions<L>) => ({
    name: o.name,
    help: o.help,
    labelNames: Object.keys(o.labels ?? {}),
    registers: [registry],
  });
  return {
    registry,
    counter: (o) => {
      let read: (() => Iterable<readonly [object, number]>) | undefined;
      const metric = new prom.Counter({
        ...base(o),
        collect() {
          if (!read) return;
          this.reset();
          for (const [labels, value] of read()) this.inc(labels as Record<string, string>, value);
        },
      });
      for (const labels of series(o.labels)) metric.inc(labels, 0);
      return {
        inc: (labels, by = 1) => metric.inc(labels as Record<string, string>, by),
        collectAll: (from) => (read = from),
      };
    },
    gauge: (o) => {
      const reads: [Record<string, string>, () => number][] = [];
      let all: (() => Iterable<readonly [object, number]>) | undefined;
      const metric = new prom.Gauge({
        ...base(o),
        collect() {
          if (all) this.reset();
          for (const [labels, value] of all?.() ?? []) this.set(labels as Record<string, string>, value);
          for (const [labels, read] of reads) this.set(labels, read());
        },
      });
      for (const labels of series(o.labels)) metric.set(labels, 0);
      return {
        set: (labels, value) => metric.set(labels as Record<string, string>, value),
        collect: (labels, read) => void reads.push([labels, read]),
        collectAll: (read) => (all = read),
        remove: (labels) => metric.remove(labels as Record<string, string>),
      };
    },
    histogram: (o) => {
      const metric = new prom.Histogram({ ...base(o), buckets: o.buckets ?? SECONDS });
      for (const labels of series(o.labels)) metric.zero(labels);
      return { observe: (labels, value) => metric.observe(labels as Record<string, string>, value) };
    },
  };
};

export { createMetrics, OPEN } from "./metrics.ts";
export type { Counter, Gauge, Histogram, LabelSets, LabelValues, MetricOptions, Metrics } from "./metrics.ts";
export { controllerMetrics } from "./controller-metrics.ts";
export { serveMetrics } from "./serve.ts";
export type { ListeningServer } from "./serve.ts";
export { newTraceparent, parseTraceparent } from "./traceparent.ts";
export { currentTraceparent, startTracing, withSpan } from "./tracing.ts";
export type { Attributes, Span, SpanOptions, Tracing } from "./tracing.ts";
